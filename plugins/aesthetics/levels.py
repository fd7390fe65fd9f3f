"""What the clinic promises on each complaint level: the document gives none, so the pet hospital's are the default."""

from plugins.aesthetics.steps import (
    HOUR,
    LIKE,
    OWN,
    ROLES,
    call,
    contact,
    done,
    moment,
    note,
    pick,
    report_chain,
    satisfaction,
    ticks,
)
from plugins.api import EscalationStep, Milestone, NumberField, Policy, TextField, both, hookimpl

# facts complaints.yaml {between: [aes, none]}: "the aesthetics seed has no complaint deadline at all ... plugin default taken
# from pet hospital levels, documented as a default and not as a seed rule". The ids are the same, so that a house with both
# verticals keeps one promise of a kind, the earlier one.


def _level_1() -> Policy:
    milestones = (
        contact(f"{LIKE} §3.1"),
        Milestone(
            id="corrective_measure",
            label=both("落实改进措施", "Put the improvement in place"),
            minutes=24 * HOUR,
            after="ack_contact",
            owner_role="service_supervisor",
            pausable=True,
            facts=(note("measure", "改进措施", "What was changed"),),
            shown=("measure",),
            promise=both("24 小时内落实改进", "An improvement is in place within 24 hours"),
            steps=(
                moment(0.75, "team_leader"),
                moment(1.0, "team_leader"),
                EscalationStep(role="director", minutes=4 * HOUR),
            ),
            source=f"{LIKE} §3.1",
        ),
        Milestone(
            id="result_feedback",
            label=both("反馈处理结果", "Tell the customer the result"),
            after="corrective_measure",
            owner_role="service_supervisor",
            facts=(note("result", "处理结果", "Result"),),
            shown=("result",),
            promise=both("处理结果会告诉您", "You are told the result"),
            source=f"{LIKE} §3.1",
        ),
        satisfaction("result_feedback"),
    )
    return Policy(
        severity="L1",
        label=both("一级 轻微", "Level 1, slight"),
        definition=both("无损害后果，服务细节或沟通问题", "No harm; details of service or communication"),
        examples=(both("重复解释需求", "Had to explain the wish again"), both("VIP 等待超标", "A VIP kept waiting")),
        milestones=milestones,
        reopen=("ack_contact", "corrective_measure", "result_feedback", "satisfaction_confirm"),
        roles=ROLES,
        source=LIKE,
    )  # fmt: skip


def _verification() -> Milestone:
    return Milestone(
        id="joint_verification_start",
        label=both("联合核查", "Joint verification starts"),
        minutes=2 * HOUR,
        owner_role="team_leader",
        stage="investigate",
        with_roles=("senior_doctor", "head_nurse"),
        facts=(
            ticks(
                "looked_at", "核查内容", "What is looked at",
                ("records", "病历与照片", "Medical record and pictures"),
                ("consent", "知情同意书", "The consent"),
                ("recording", "咨询录音与聊天", "Recording of the consult, messages"),
                ("people", "询问当事人", "The people concerned"),
            ),
        ),
        shown=("looked_at",),
        promise=both("2 小时内开始核查", "We start to look into it within 2 hours"),
        steps=(moment(0.75, "director"), call(1.0, "director", ack=30, then="service_supervisor")),
        source=f"{LIKE} §3.2",
    )  # fmt: skip


def _doctor_sees() -> Milestone:
    # facts complaints.yaml aes.complication: 并发症处理SOP, without minutes; two hours are those of the joint verification
    return Milestone(
        id="doctor_sees",
        label=both("医生查看并启动并发症 SOP（如有不适）", "A doctor sees the patient; complication checklist if unwell"),
        minutes=2 * HOUR,
        owner_role="senior_doctor",
        stage="investigate",
        facts=(
            pick(
                "seen", "医生处置", "What the doctor did",
                ("seen", "已面诊或视频查看", "Seen, in person or by video"),
                ("referred", "已转诊或送急诊", "Referred, or sent to an emergency room"),
                ("no_symptom", "无身体不适，不需要", "Not unwell: not needed"),
            ),
        ),
        promise=both("如有不适，2 小时内由医生查看", "If you are unwell, a doctor sees you within 2 hours"),
        steps=(moment(0.5, "team_leader"), moment(1.0, "director")),
        source="服务体系建设7大维度 并发症处理SOP; own design",
    )  # fmt: skip


def _level_2() -> Policy:
    milestones = (
        contact(OWN),
        _verification(),
        _doctor_sees(),
        Milestone(
            id="face_to_face_meeting",
            label=both("面对面沟通", "Meet face to face"),
            minutes=48 * HOUR,
            after="joint_verification_start",
            owner_role="team_leader",
            stage="respond",
            how=(both("独立会议室，避开公共区域", "In a meeting room, away from the public area"),),
            pausable=True,
            facts=(
                TextField(key="place", label=both("地点", "Place"), required=True, max_length=100),
                ticks(
                    "points",
                    "说明要点",
                    "Points covered",
                    ("facts", "事件经过的客观事实", "What happened"),
                    ("shortcomings", "机构存在的不足", "Where the clinic fell short"),
                    ("plan", "改进方案", "What will be better"),
                    least=3,
                ),
            ),
            promise=both("48 小时内与您当面沟通", "We meet you within 48 hours"),
            steps=(moment(0.75, "team_leader"), moment(1.0, "director")),
            source=f"{LIKE} §3.2",
        ),
        *report_chain("face_to_face_meeting"),
        satisfaction("report_delivered"),
    )
    return Policy(
        severity="L2",
        label=both("二级 较严重", "Level 2, serious"),
        definition=both(
            "并发症、跳过风险告知、过度承诺或照片使用争议",
            "A complication, risks not told, results promised, or pictures in dispute",
        ),
        examples=(
            both("术后红肿流脓", "Swollen and infected afterwards"),
            both("承诺“保证效果”后未达到", "A result was guaranteed and did not come"),
        ),
        milestones=milestones,
        reopen=(
            "ack_contact",
            "face_to_face_meeting",
            "written_report",
            "report_approval",
            "report_delivered",
            "satisfaction_confirm",
        ),
        roles=ROLES,
        source=LIKE,
    )  # fmt: skip


def _on_site() -> Milestone:
    return Milestone(
        id="leader_on_site",
        label=both("组长到达现场", "The leader is on site"),
        minutes=10,
        owner_role="team_leader",
        stage="receive",
        how=(
            both("身体不适先由医生处置", "If unwell, a doctor comes first"),
            both("安排专人陪同到安静区域", "Somebody takes the customer to a quiet room"),
        ),
        facts=(done("quiet_room", "已陪同到安静区域", "The customer is in a quiet room"),),
        promise=both("10 分钟内负责人到场", "The person in charge is with you within 10 minutes"),
        warnings=(0.5, 0.9),
        steps=(
            call(0.0, "team_leader", ack=3, then="director"),
            moment(0.5, "director"),
            call(1.0, "director", ack=5, then="legal_counsel"),
        ),
        source=f"{LIKE} §3.3",
    )


def _evidence() -> Milestone:
    return Milestone(
        id="evidence_secured",
        label=both("证据固定", "Evidence is secured"),
        minutes=HOUR,
        owner_role="admin_officer",
        proof="evidence",
        stage="investigate",
        facts=(note("missing", "缺少哪项及原因", "What is missing, and why", required=False),),
        promise=both("1 小时内封存病历、同意书、录音与照片", "Record, consent, recordings and pictures are secured within 1 hour"),
        steps=(moment(0.75, "team_leader"), call(1.0, "director", ack=10, then="team_leader")),
        source=f"{LIKE} §3.3",
    )  # fmt: skip


def _told() -> Milestone:
    return Milestone(
        id="report_to_director_and_counsel",
        label=both("上报院长及法律顾问", "Director and counsel are told"),
        minutes=HOUR,
        owner_role="team_leader",
        stage="investigate",
        facts=(done("director_told", "已上报院长", "The director is told"), done("counsel_told", "已上报法律顾问", "Legal counsel is told")),
        steps=(moment(0.5, "director"), call(1.0, "director", ack=10, then="legal_counsel")),
        source=f"{LIKE} §3.3",
    )  # fmt: skip


def _hearing() -> tuple[Milestone, ...]:
    experts = NumberField(
        key="external_experts", label=both("外部专家人数", "External experts"), required=True, min=2, max=3, decimals=0
    )
    return (
        Milestone(
            id="internal_hearing",
            label=both("内部听证会", "Internal hearing"),
            minutes=24 * HOUR,
            after="evidence_secured",
            proof="hearing",
            owner_role="team_leader",
            stage="investigate",
            with_roles=("senior_doctor", "head_nurse", "admin_officer"),
            facts=(
                experts,
                TextField(key="expert_names", label=both("专家姓名", "Names"), required=True, max_length=200),
                note("finding", "初步责任认定", "Preliminary finding of responsibility"),
            ),
            promise=both("24 小时内召开有外部专家参加的听证会", "A hearing with external experts takes place within 24 hours"),
            steps=(moment(0.5, "director"), call(1.0, "director", ack=30, then="legal_counsel")),
            source=f"{LIKE} §3.3",
        ),
        Milestone(
            id="formal_communication",
            label=both("正式沟通", "Formal talk with the customer"),
            minutes=48 * HOUR,
            after="internal_hearing",
            owner_role="team_leader",
            stage="respond",
            with_roles=("director",),
            pausable=True,
            facts=(note("outcome", "沟通结果", "Outcome"),),
            promise=both("48 小时内与您正式沟通", "We talk to you formally within 48 hours"),
            steps=(moment(0.75, "director"), call(1.0, "director", ack=60, then="legal_counsel")),
            source=f"{LIKE} §3.3",
        ),
    )  # fmt: skip


def _level_3() -> Policy:
    milestones = (
        _on_site(),
        contact(OWN),
        _evidence(),
        _told(),
        *_hearing(),
        *report_chain("formal_communication"),
        satisfaction("report_delivered"),
    )
    return Policy(
        severity="L3",
        label=both("三级 重大", "Level 3, grave"),
        definition=both("严重并发症、照片被公开或外部风险", "A severe complication, pictures made public, or a risk from outside"),
        examples=(
            both("术后失明、坏死或抢救", "Blindness, dead tissue or resuscitation"),
            both("照片被用于广告", "Pictures were used in advertising"),
            both("集体诉讼", "A lawsuit of several customers"),
        ),
        milestones=milestones,
        reopen=("ack_contact", "formal_communication", "written_report", "report_approval", "report_delivered", "satisfaction_confirm"),
        roles=ROLES,
        source=LIKE,
    )  # fmt: skip


@hookimpl
def complaint_policies() -> tuple[Policy, ...]:
    """Return the three levels."""
    return (_level_1(), _level_2(), _level_3())
