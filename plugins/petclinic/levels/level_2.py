"""Level 2, serious: a medical dispute is possible, or the customer lost money or peace."""

from plugins.api import Milestone, Policy, TextField, both
from plugins.petclinic.levels.parts import (
    HOUR,
    PLAN,
    ROLES,
    STRATEGY,
    call,
    contact,
    moment,
    note,
    report_chain,
    review,
    satisfaction,
    ticks,
)
from plugins.petclinic.settings import Settings


def _solution() -> Milestone:
    return Milestone(
        id="propose_solution",
        label=both("给出解决方案", "Propose a solution"),
        minutes=24 * HOUR,  # 客户服务策略 §3.5.1: 24小时内给出解决方案(如“免费复查+补偿检查费用”)
        owner_role="team_leader",
        stage="respond",
        facts=(note("solution", "解决方案", "Solution"),),
        shown=("solution",),
        asks_customer=True,
        promise=both("24 小时内给您解决方案", "You get a proposed solution within 24 hours"),
        steps=(moment(0.75, "team_leader"), moment(1.0, "director")),
        source=f"{STRATEGY} §3.5.1",
    )


def _verification() -> Milestone:
    return Milestone(
        id="joint_verification_start",
        label=both("联合核查", "Joint verification starts"),
        minutes=2 * HOUR,  # §3.2: 接诉后2小时内由投诉小组组长牵头,组织医生、护士长共同核查
        owner_role="team_leader",
        stage="investigate",
        with_roles=("senior_doctor", "head_nurse"),
        facts=(
            ticks(
                "looked_at",
                "核查内容",
                "What is looked at",
                ("records", "调阅病历", "Medical record"),
                ("video", "查看监控", "Video"),
                ("people", "询问当事人", "The people concerned"),
            ),
        ),
        shown=("looked_at",),
        promise=both("2 小时内开始核查", "We start to look into it within 2 hours"),
        steps=(moment(0.75, "director"), call(1.0, "director", ack=30, then="service_supervisor")),
        source=f"{PLAN} §3.2",
    )


def _meeting() -> Milestone:
    return Milestone(
        id="face_to_face_meeting",
        label=both("面对面沟通", "Meet face to face"),
        minutes=48 * HOUR,  # §3.2: 48小时内与客户面对面沟通
        after="joint_verification_start",
        owner_role="team_leader",
        stage="respond",
        how=(both("独立会议室，避开公共区域", "In a meeting room, away from the public area"),),
        pausable=True,
        facts=(
            TextField(key="place", label=both("地点", "Place"), required=True, max_length=100),
            # §3.2: 重点说明 ①②③, all three
            ticks(
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
        steps=(moment(0.75, "team_leader"), moment(1.0, "director")),
        source=f"{PLAN} §3.2",
    )


def level_2(settings: Settings) -> Policy:
    extras = settings.extra_steps
    report = report_chain("face_to_face_meeting", f"{PLAN} §3.2")
    milestones = (
        *((contact(f"{STRATEGY} §3.5.1"),) if "contact" in extras else ()),  # 接到投诉后30分钟内联系客户
        _verification(),
        *((_solution(),) if "solution" in extras else ()),
        _meeting(),
        *report,
        Milestone(
            id="staff_record",
            label=both("记入员工绩效考核档案", "Enter in the staff performance file"),
            after="report_delivered",
            owner_role="admin_officer",
            stage="follow_up",
            proof="record",
            source=f"{PLAN} §3.2",  # 同时记录到员工绩效考核档案
        ),
        satisfaction("report_delivered"),
        *review("satisfaction_confirm", settings),
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
