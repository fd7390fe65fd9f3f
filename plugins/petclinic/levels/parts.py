"""What the levels share: roles, moments of escalation, kinds of facts, and milestones that come on several levels."""

from plugins.api import ChoiceField, DutyRole, EscalationStep, Milestone, MultiField, Option, TextField, both
from plugins.petclinic.settings import Settings

PLAN = "宠物医院客户投诉应急预案"
STRATEGY = "2025东营宠物诊所客户服务策略"
OWN = "own design"
MINUTE, HOUR = 1, 60

# 应急预案 §2.1 and §2.2; the codes are those of the product's roles.
ROLES = (
    DutyRole(code="team_leader", label=both("组长", "Complaint team leader")),
    DutyRole(code="service_supervisor", label=both("客服主管", "Customer service supervisor")),
    DutyRole(code="senior_doctor", label=both("资深医生", "Senior doctor")),
    DutyRole(code="head_nurse", label=both("护士长", "Head nurse")),
    DutyRole(code="admin_officer", label=both("行政专员", "Administrative officer")),
    DutyRole(code="director", label=both("院长", "Clinic director")),
    DutyRole(code="legal_counsel", label=both("法律顾问", "Legal counsel"), external=True),
)


def moment(fraction: float, role: str) -> EscalationStep:
    return EscalationStep(role=role, fraction=fraction)


def call(fraction: float, role: str, *, ack: int, then: str) -> EscalationStep:
    """Somebody must say "I have it" within `ack` minutes, or the next role hears of it."""
    return EscalationStep(role=role, fraction=fraction, channel="sms", need_ack=True, ack_timeout=ack, next=then)


def note(key: str, zh: str, en: str, *, required: bool = True) -> TextField:
    return TextField(key=key, label=both(zh, en), required=required, max_length=2000, multiline=True)


def pick(key: str, zh: str, en: str, *options: tuple[str, str, str]) -> ChoiceField:
    made = tuple(Option(value, both(label_zh, label_en)) for value, label_zh, label_en in options)
    return ChoiceField(key=key, label=both(zh, en), required=True, options=made)


def ticks(
    key: str, zh: str, en: str, *options: tuple[str, str, str], least: int = 1, required: bool = True
) -> MultiField:
    made = tuple(Option(value, both(label_zh, label_en)) for value, label_zh, label_en in options)
    return MultiField(key=key, label=both(zh, en), required=required, options=made, min_rows=least)


DONE = ("done", "已完成", "Done")
NOT_NEEDED = ("not_needed", "不需要", "Not needed")


def contact(source: str) -> Milestone:
    return Milestone(
        id="ack_contact",
        label=both("联系客户", "Contact the customer"),
        minutes=30 * MINUTE,
        owner_role="service_supervisor",
        stage="receive",
        how=(both("当面或电话，先共情再解决", "In person or by phone; understanding first, then the solution"),),
        proof="call",  # §3.1: 当面或电话响应; the log of contacts holds both, with what was said
        promise=both("30 分钟内与您联系", "We contact you within 30 minutes"),
        steps=(moment(0.75, "team_leader"), call(1.0, "team_leader", ack=15, then="director")),
        source=source,
    )


def satisfaction(after: str, source: str = f"{PLAN} §3.1") -> Milestone:
    return Milestone(
        id="satisfaction_confirm",
        label=both("确认客户满意", "Confirm that the customer is satisfied"),
        after=after,
        owner_role="service_supervisor",
        stage="follow_up",
        gate_for="archive",
        facts=(
            pick("satisfied", "客户是否满意", "Satisfied", ("yes", "满意", "Yes"), ("no", "不满意", "No")),
            note("words", "客户原话", "In the customer's words", required=False),
        ),
        promise=both("处理后请您确认是否满意", "You tell us whether you are satisfied"),
        source=source,
    )


def review(after: str, settings: Settings) -> tuple[Milestone, ...]:
    if "review" not in settings.extra_steps:
        return ()
    return (
        Milestone(
            id="post_review",
            label=both("事后复盘", "Review afterwards"),
            after=after,
            owner_role="team_leader",
            stage="follow_up",
            proof="cause",  # the root cause, in the tree and in words: what is learnt from it
            source=f"{STRATEGY} §3.5.1",  # 事后复盘并优化流程,杜绝重复问题
        ),
    )


_OPTIONS = MultiField(
    key="options",
    label=both("改进方案包括", "What is offered"),
    options=(
        Option("adjust_treatment", both("调整治疗计划", "The treatment plan is adjusted")),
        Option("reduce_fees", both("减免部分费用", "Part of the fees is waived")),
    ),
)


def report_chain(after: str, source: str) -> tuple[Milestone, ...]:
    """§3.2: 需形成书面处理报告,经院长审核后送达客户."""
    return (
        Milestone(
            id="written_report",
            label=both("书面处理报告", "Written report"),
            after=after,
            owner_role="team_leader",
            proof="report",
            # §3.2: 改进方案（如调整治疗计划、减免部分费用）
            facts=(_OPTIONS,),
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
