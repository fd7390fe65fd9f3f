"""What the clinic promises on each complaint level: the milestones, owners and escalation of the emergency plan."""

from plugins.api import (
    ChoiceField,
    DeclareContext,
    DutyRole,
    EscalationStep,
    Field,
    Milestone,
    MultiField,
    NumberField,
    Option,
    Policy,
    TextField,
    both,
    hookimpl,
)
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


def _at(fraction: float, role: str) -> EscalationStep:
    return EscalationStep(role=role, fraction=fraction)


def _call(fraction: float, role: str, *, ack: int, then: str) -> EscalationStep:
    """Somebody must say "I have it" within `ack` minutes, or the next role hears of it."""
    return EscalationStep(role=role, fraction=fraction, channel="sms", need_ack=True, ack_timeout=ack, next=then)


def _note(key: str, zh: str, en: str, *, required: bool = True) -> TextField:
    return TextField(key=key, label=both(zh, en), required=required, max_length=2000, multiline=True)


def _pick(key: str, zh: str, en: str, *options: tuple[str, str, str]) -> ChoiceField:
    made = tuple(Option(value, both(label_zh, label_en)) for value, label_zh, label_en in options)
    return ChoiceField(key=key, label=both(zh, en), required=True, options=made)


def _ticks(key: str, zh: str, en: str, *options: tuple[str, str, str], least: int = 1) -> MultiField:
    made = tuple(Option(value, both(label_zh, label_en)) for value, label_zh, label_en in options)
    return MultiField(key=key, label=both(zh, en), required=True, options=made, min_rows=least)


_DONE = ("done", "已完成", "Done")
_NOT_NEEDED = ("not_needed", "不需要", "Not needed")


def _contact(source: str) -> Milestone:
    return Milestone(
        id="ack_contact",
        label=both("联系客户", "Contact the customer"),
        minutes=30 * MINUTE,
        owner_role="service_supervisor",
        how=(both("当面或电话，先共情再解决", "In person or by phone; understanding first, then the solution"),),
        facts=(
            _pick("how", "方式", "How", ("in_person", "当面", "In person"), ("phone", "电话", "By phone")),
            _note("said", "沟通要点", "What was said", required=False),
        ),
        promise=both("30 分钟内与您联系", "We contact you within 30 minutes"),
        steps=(_at(0.75, "team_leader"), _call(1.0, "team_leader", ack=15, then="director")),
        source=source,
    )


def _satisfaction(after: str) -> Milestone:
    return Milestone(
        id="satisfaction_confirm",
        label=both("确认客户满意", "Confirm that the customer is satisfied"),
        after=after,
        owner_role="service_supervisor",
        gate_for="archive",
        facts=(
            _pick("satisfied", "客户是否满意", "Satisfied", ("yes", "满意", "Yes"), ("no", "不满意", "No")),
            _note("words", "客户原话", "In the customer's words", required=False),
        ),
        promise=both("处理后请您确认是否满意", "You tell us whether you are satisfied"),
        source=f"{PLAN} §3.1",
    )


def _review(after: str, settings: Settings) -> tuple[Milestone, ...]:
    if "review" not in settings.extra_steps:
        return ()
    return (
        Milestone(
            id="post_review",
            label=both("事后复盘", "Review afterwards"),
            after=after,
            owner_role="team_leader",
            facts=(_note("lesson", "流程如何优化", "What changes in the process"),),
            source=f"{STRATEGY} §3.5.1",  # 事后复盘并优化流程,杜绝重复问题
        ),
    )


def _level_1(settings: Settings) -> Policy:
    milestones = (
        _contact(f"{PLAN} §3.1"),  # 接诉后30分钟内由客服主管当面或电话响应
        Milestone(
            id="corrective_measure",
            label=both("落实改进措施", "Put the improvement in place"),
            minutes=24 * HOUR,  # §3.1: 24小时内落实改进措施
            after="ack_contact",
            owner_role="service_supervisor",
            pausable=True,
            facts=(_note("measure", "改进措施", "What was changed"),),
            promise=both("24 小时内落实改进", "An improvement is in place within 24 hours"),
            steps=(
                _at(0.75, "team_leader"),
                _at(1.0, "team_leader"),
                EscalationStep(role="director", minutes=4 * HOUR),
            ),
            source=f"{PLAN} §3.1",
        ),
        Milestone(
            id="result_feedback",
            label=both("反馈处理结果", "Tell the customer the result"),
            after="corrective_measure",
            owner_role="service_supervisor",
            how=(both("短信或微信", "By SMS or WeChat"),),  # §3.1: 处理结果需通过短信或微信向客户反馈
            facts=(
                _pick("channel", "渠道", "Channel", ("sms", "短信", "SMS"), ("wechat", "微信", "WeChat")),
                _note("result", "处理结果", "Result"),
            ),
            promise=both("结果通过短信或微信告诉您", "You get the result by SMS or WeChat"),
            source=f"{PLAN} §3.1",
        ),
        _satisfaction("result_feedback"),  # §3.1: 确认满意后归档
        *_review("satisfaction_confirm", settings),
    )
    return Policy(
        severity="L1",
        label=both("一级 轻微", "Level 1, slight"),
        definition=both(
            "无实质损害后果，主要为服务细节或沟通问题", "No real harm; mostly details of service or communication"
        ),
        examples=(
            both("导诊标识不清晰", "Signs are unclear"),
            both("护士未主动告知检查注意事项", "The nurse did not explain what to mind"),
            both("结账时未解释费用明细", "The bill was not explained"),
        ),
        share_percent=60,  # §3.1: 占比约60%
        milestones=milestones,
        # sla.md 10: contact restarts in full, what resolves resumes.
        reopen=("ack_contact", "corrective_measure", "result_feedback", "satisfaction_confirm"),
        roles=ROLES,
        source=f"{PLAN} §3.1",
    )


def _report_chain(after: str, source: str) -> tuple[Milestone, ...]:
    """§3.2: 需形成书面处理报告,经院长审核后送达客户."""
    return (
        Milestone(
            id="written_report",
            label=both("书面处理报告", "Written report"),
            after=after,
            owner_role="team_leader",
            facts=(_note("report", "报告内容", "The report"),),
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
            source=source,
        ),
        Milestone(
            id="report_delivered",
            label=both("报告送达客户", "The report is delivered"),
            after="report_approval",
            owner_role="service_supervisor",
            facts=(_note("receipt", "送达方式与回执", "How, and who received it"),),
            source=source,
        ),
    )


def _solution() -> Milestone:
    return Milestone(
        id="propose_solution",
        label=both("给出解决方案", "Propose a solution"),
        minutes=24 * HOUR,  # 客户服务策略 §3.5.1: 24小时内给出解决方案(如“免费复查+补偿检查费用”)
        owner_role="team_leader",
        facts=(_note("solution", "解决方案", "Solution"),),
        promise=both("24 小时内给您解决方案", "You get a proposed solution within 24 hours"),
        steps=(_at(0.75, "team_leader"), _at(1.0, "director")),
        source=f"{STRATEGY} §3.5.1",
    )


def _level_2(settings: Settings) -> Policy:
    verify = Milestone(
        id="joint_verification_start",
        label=both("联合核查", "Joint verification starts"),
        minutes=2 * HOUR,  # §3.2: 接诉后2小时内由投诉小组组长牵头,组织医生、护士长共同核查
        owner_role="team_leader",
        with_roles=("senior_doctor", "head_nurse"),
        facts=(
            _ticks(
                "looked_at",
                "核查内容",
                "What is looked at",
                ("records", "调阅病历", "Medical record"),
                ("video", "查看监控", "Video"),
                ("people", "询问当事人", "The people concerned"),
            ),
        ),
        promise=both("2 小时内开始核查", "We start to look into it within 2 hours"),
        steps=(_at(0.75, "director"), _call(1.0, "director", ack=30, then="service_supervisor")),
        source=f"{PLAN} §3.2",
    )
    meeting = Milestone(
        id="face_to_face_meeting",
        label=both("面对面沟通", "Meet face to face"),
        minutes=48 * HOUR,  # §3.2: 48小时内与客户面对面沟通
        after="joint_verification_start",
        owner_role="team_leader",
        how=(both("独立会议室，避开公共区域", "In a meeting room, away from the public area"),),
        pausable=True,
        facts=(
            TextField(key="place", label=both("地点", "Place"), required=True, max_length=100),
            # §3.2: 重点说明 ①②③, all three
            _ticks(
                "points",
                "说明要点",
                "Points covered",
                ("facts", "事件经过的客观事实", "What happened"),
                ("shortcomings", "医院存在的不足", "Where the clinic fell short"),
                ("plan", "改进方案", "What will be better"),
                least=3,
            ),
        ),
        promise=both("48 小时内与您当面沟通", "We meet you within 48 hours"),
        steps=(_at(0.75, "team_leader"), _at(1.0, "director")),
        source=f"{PLAN} §3.2",
    )
    extras = settings.extra_steps
    report = _report_chain("face_to_face_meeting", f"{PLAN} §3.2")
    milestones = (
        *((_contact(f"{STRATEGY} §3.5.1"),) if "contact" in extras else ()),  # 接到投诉后30分钟内联系客户
        verify,
        *((_solution(),) if "solution" in extras else ()),
        meeting,
        *report,
        Milestone(
            id="staff_record",
            label=both("记入员工绩效考核档案", "Enter in the staff performance file"),
            after="report_delivered",
            owner_role="admin_officer",
            source=f"{PLAN} §3.2",  # 同时记录到员工绩效考核档案
        ),
        _satisfaction("report_delivered"),
        *_review("satisfaction_confirm", settings),
    )
    again = ("ack_contact", "propose_solution", "face_to_face_meeting", "written_report", "report_approval")
    known = {milestone.id for milestone in milestones}
    return Policy(
        severity="L2",
        label=both("二级 较严重", "Level 2, serious"),
        definition=both(
            "可能涉及医疗争议或造成客户经济/情感损失",
            "A medical dispute is possible, or the customer lost money or peace",
        ),
        examples=(
            both("治疗后宠物症状未缓解但无生命危险", "No better after treatment, but not in danger"),
            both("住院期间宠物应激反应未及时干预", "Stress in hospital, and nobody stepped in"),
            both("费用超出预估30%以上", "The bill is 30 % or more over the estimate"),
        ),
        share_percent=30,  # §3.2: 占比约30%
        milestones=milestones,
        reopen=(*(name for name in again if name in known), "report_delivered", "satisfaction_confirm"),
        roles=ROLES,
        source=f"{PLAN} §3.2",
    )


def _emergency(settings: Settings) -> tuple[Milestone, ...]:
    """§3.3: the first hour."""
    counsel = (_DONE,) if settings.counsel == "always" else (_DONE, _NOT_NEEDED)
    told: tuple[Field, ...] = (
        _pick("director_told", "已上报院长", "The director is told", _DONE),
        _pick("counsel_told", "已上报法律顾问", "Legal counsel is told", *counsel),  # (如有必要)
    )
    return (
        Milestone(
            id="leader_on_site",
            label=both("组长到达现场", "The leader is on site"),
            minutes=10 * MINUTE,  # §3.3: 组长10分钟内到达现场
            owner_role="team_leader",
            how=(
                both("暂停相关岗位工作，避免二次冲突", "Suspend the post concerned, to avoid a second clash"),
                both("安排专人陪同客户到安静区域", "Somebody takes the customer to a quiet room"),
            ),
            facts=(
                _pick("post_suspended", "相关岗位已暂停", "The post is suspended", _DONE, _NOT_NEEDED),
                _pick("quiet_room", "已陪同到安静区域", "The customer is in a quiet room", _DONE, _NOT_NEEDED),
            ),
            promise=both("10 分钟内负责人到场", "The person in charge is with you within 10 minutes"),
            warnings=(0.5, 0.9),
            # Own design: the plan gives no chain; the leader hears at once, the director before it is late.
            steps=(
                _call(0.0, "team_leader", ack=3, then="director"),
                _at(0.5, "director"),
                _call(1.0, "director", ack=5, then="legal_counsel"),
            ),
            source=f"{PLAN} §3.3",
        ),
        Milestone(
            id="evidence_secured",
            label=both("证据固定", "Evidence is secured"),
            minutes=60 * MINUTE,  # §3.3: 1小时内完成初步证据固定
            owner_role="admin_officer",
            facts=(
                _ticks(
                    "secured",
                    "已固定",
                    "Secured",
                    ("records", "封存病历", "Medical record sealed"),
                    ("video", "拷贝监控", "Video copied"),
                    ("messages", "保存沟通记录", "Messages saved"),
                ),
                _note("missing", "缺少哪项及原因", "What is missing, and why", required=False),
            ),
            promise=both("1 小时内封存病历、监控与沟通记录", "Records, video and messages are secured within 1 hour"),
            steps=(
                EscalationStep(role="admin_officer", fraction=0.0),
                _at(0.75, "team_leader"),
                _call(1.0, "director", ack=10, then="team_leader"),
            ),
            source=f"{PLAN} §3.3",
        ),
        Milestone(
            id="report_to_director_and_counsel",
            label=both("上报院长及法律顾问", "Director and counsel are told"),
            minutes=60 * MINUTE,  # §3.3: 同时上报院长及法律顾问; the same hour is our reading of 同时
            owner_role="team_leader",
            facts=told,
            steps=(_at(0.5, "director"), _call(1.0, "director", ack=10, then="legal_counsel")),
            source=f"{PLAN} §3.3",
        ),
    )


def _hearing(settings: Settings) -> Milestone:
    experts = NumberField(
        key="external_experts",
        label=both("外部专家人数", "External experts"),
        required=True,
        min=settings.hearing_experts_min,
        max=3,  # §3.3: 邀请2-3名外部行业专家参与,确保公正性
        decimals=0,
    )
    return Milestone(
        id="internal_hearing",
        label=both("内部听证会", "Internal hearing"),
        minutes=24 * HOUR,  # §3.3: 24小时内召开内部听证会
        after="evidence_secured",
        owner_role="team_leader",
        with_roles=("senior_doctor", "head_nurse", "admin_officer"),
        facts=(
            experts,
            TextField(key="expert_names", label=both("专家姓名", "Names"), required=True, max_length=200),
            _note("finding", "初步责任认定", "Preliminary finding of responsibility"),
        ),
        promise=both(
            "24 小时内召开有外部专家参加的听证会", "A hearing with external experts takes place within 24 hours"
        ),
        steps=(_at(0.5, "director"), _at(0.75, "director"), _call(1.0, "director", ack=30, then="legal_counsel")),
        source=f"{PLAN} §3.3",
    )


def _level_3(settings: Settings) -> Policy:
    formal = Milestone(
        id="formal_communication",
        label=both("正式沟通", "Formal talk with the customer"),
        minutes=48 * HOUR,  # §3.3: 48小时内与客户正式沟通 (the document is cut off here)
        after="internal_hearing",
        owner_role="team_leader",
        with_roles=("director",),
        pausable=True,
        facts=(_note("outcome", "沟通结果", "Outcome"),),
        promise=both("48 小时内与您正式沟通", "We talk to you formally within 48 hours"),
        steps=(_at(0.75, "director"), _call(1.0, "director", ack=60, then="legal_counsel")),
        source=f"{PLAN} §3.3",
    )
    milestones = (
        *((_contact(f"{STRATEGY} §3.5.1"),) if "contact" in settings.extra_steps else ()),
        *_emergency(settings),
        _hearing(settings),
        formal,
        # The plan is cut off after the formal talk: report, approval and delivery are those of level 2.
        *_report_chain("formal_communication", OWN),
        Milestone(
            id="corrective_action",
            label=both("整改", "Corrective action"),
            after="report_delivered",
            owner_role="team_leader",
            facts=(_note("action", "整改措施", "What was changed"),),
            source=f"{PLAN} §1.3",  # 受理-核查-反馈-整改
        ),
        Milestone(
            id="effectiveness_check",
            label=both("整改效果检查", "Check that it works"),
            after="corrective_action",
            owner_role="director",
            gate_for="archive",
            facts=(_note("evidence", "效果依据", "How we know"),),
            source=f"{PLAN} §1.3",  # 杜绝同类问题重复发生
        ),
        *_review("effectiveness_check", settings),
    )
    contact = ("ack_contact",) if "contact" in settings.extra_steps else ()
    again = ("formal_communication", "written_report", "report_approval", "report_delivered", "effectiveness_check")
    return Policy(
        severity="L3",
        label=both("三级 重大", "Level 3, grave"),
        definition=both(
            "可能涉及医疗事故、严重服务过失或外部风险",
            "A medical accident, a grave failure of service, or a risk from outside is possible",
        ),
        examples=(
            both("手术中宠物死亡", "A pet died in surgery"),
            both("错误截肢", "The wrong limb was amputated"),
            both("宠物寄养期间逃跑", "A boarded pet ran away"),
            both("客户在社交媒体发布负面信息", "The customer posted about it"),
            both("向监管部门举报", "The customer reported it to the authorities"),
        ),
        share_percent=10,  # §3.3: 占比约10%
        milestones=milestones,
        reopen=(*contact, *again),
        roles=ROLES,
        source=f"{PLAN} §3.3",
    )


@hookimpl
def complaint_policies(ctx: DeclareContext[Settings]) -> tuple[Policy, ...]:
    """Return the three levels as the tenant has set them."""
    return (_level_1(ctx.settings), _level_2(ctx.settings), _level_3(ctx.settings))
