"""What the complaint levels share: roles, moments of escalation, kinds of facts, and the steps that come on several levels."""

from plugins.api import ChoiceField, DutyRole, EscalationStep, Milestone, MultiField, Option, TextField, both

LIKE = "default, as 宠物医院客户投诉应急预案"
OWN = "own design"
HOUR = 60

ROLES = (
    DutyRole(code="team_leader", label=both("投诉小组组长", "Complaint team leader")),
    DutyRole(code="service_supervisor", label=both("客服主管", "Customer service supervisor")),
    DutyRole(code="senior_doctor", label=both("医疗负责人", "Chief of medicine")),
    DutyRole(code="head_nurse", label=both("护士长", "Head nurse")),
    DutyRole(code="admin_officer", label=both("行政专员", "Administrative officer")),
    DutyRole(code="director", label=both("院长", "Director")),
    DutyRole(code="legal_counsel", label=both("法律顾问", "Legal counsel"), external=True),
)
Choice = tuple[str, str, str]


def moment(fraction: float, role: str) -> EscalationStep:
    return EscalationStep(role=role, fraction=fraction)


def call(fraction: float, role: str, *, ack: int, then: str) -> EscalationStep:
    """Somebody says "I have it" within `ack` minutes, or the next role hears of it."""
    return EscalationStep(role=role, fraction=fraction, channel="sms", need_ack=True, ack_timeout=ack, next=then)


def _options(choices: tuple[Choice, ...]) -> tuple[Option, ...]:
    return tuple(Option(value, both(zh, en)) for value, zh, en in choices)


def note(key: str, zh: str, en: str, *, required: bool = True) -> TextField:
    return TextField(key=key, label=both(zh, en), required=required, max_length=2000, multiline=True)


def pick(key: str, zh: str, en: str, *choices: Choice) -> ChoiceField:
    return ChoiceField(key=key, label=both(zh, en), required=True, options=_options(choices))


def ticks(key: str, zh: str, en: str, *choices: Choice, least: int = 1) -> MultiField:
    return MultiField(key=key, label=both(zh, en), required=True, options=_options(choices), min_rows=least)


def done(key: str, zh: str, en: str) -> ChoiceField:
    return pick(key, zh, en, ("done", "已完成", "Done"), ("not_needed", "不需要", "Not needed"))


def contact(source: str) -> Milestone:
    return Milestone(
        id="ack_contact",
        label=both("联系客户", "Contact the customer"),
        minutes=30,
        owner_role="service_supervisor",
        stage="receive",
        how=(both("当面或电话，先共情再解决", "In person or by phone; understanding first, then the solution"),),
        proof="call",
        promise=both("30 分钟内与您联系", "We contact you within 30 minutes"),
        steps=(moment(0.75, "team_leader"), call(1.0, "team_leader", ack=15, then="director")),
        source=source,
    )


def satisfaction(after: str) -> Milestone:
    return Milestone(
        id="satisfaction_confirm",
        label=both("确认客户满意", "Confirm that the customer is satisfied"),
        after=after,
        owner_role="service_supervisor",
        stage="follow_up",
        gate_for="archive",
        facts=(pick("satisfied", "客户是否满意", "Satisfied", ("yes", "满意", "Yes"), ("no", "不满意", "No")),),
        promise=both("处理后请您确认是否满意", "You tell us whether you are satisfied"),
        source=f"{LIKE} §3.1",
    )


def report_chain(after: str) -> tuple[Milestone, ...]:
    """A written report, approved by the director, delivered."""
    source = f"{LIKE} §3.2"
    return (
        Milestone(
            id="written_report",
            label=both("书面处理报告", "Written report"),
            after=after,
            owner_role="team_leader",
            proof="report",
            promise=both("您会收到书面处理报告", "You get a written report"),
            source=source,
        ),
        Milestone(
            id="report_approval",
            label=both("院长审核报告", "The director approves the report"),
            after="written_report",
            owner_role="director",
            gate_for="report_delivered",
            approver="director",
            proof="approval",
            source=source,
        ),
        Milestone(
            id="report_delivered",
            label=both("报告送达客户", "The report is delivered"),
            after="report_approval",
            owner_role="service_supervisor",
            proof="delivery",
            source=source,
        ),
    )
