"""Level 3, grave: a medical accident, a grave failure of service, or a risk from outside is possible."""

from plugins.api import EscalationStep, Field, Milestone, NumberField, Policy, TextField, both
from plugins.petclinic.levels.parts import (
    DONE,
    HOUR,
    MINUTE,
    NOT_NEEDED,
    OWN,
    PLAN,
    ROLES,
    STRATEGY,
    call,
    contact,
    moment,
    note,
    pick,
    report_chain,
    review,
    satisfaction,
    ticks,
)
from plugins.petclinic.settings import Settings


def _on_site() -> Milestone:
    return Milestone(
        id="leader_on_site",
        label=both("组长到达现场", "The leader is on site"),
        minutes=10 * MINUTE,  # §3.3: 组长10分钟内到达现场
        owner_role="team_leader",
        stage="receive",
        how=(
            both("暂停相关岗位工作，避免二次冲突", "Suspend the post concerned, to avoid a second clash"),
            both("安排专人陪同客户到安静区域", "Somebody takes the customer to a quiet room"),
        ),
        facts=(
            pick("post_suspended", "相关岗位已暂停", "The post is suspended", DONE, NOT_NEEDED),
            pick("quiet_room", "已陪同到安静区域", "The customer is in a quiet room", DONE, NOT_NEEDED),
        ),
        promise=both("10 分钟内负责人到场", "The person in charge is with you within 10 minutes"),
        warnings=(0.5, 0.9),
        # Own design: the plan gives no chain; the leader hears at once, the director before it is late.
        steps=(
            call(0.0, "team_leader", ack=3, then="director"),
            moment(0.5, "director"),
            call(1.0, "director", ack=5, then="legal_counsel"),
        ),
        source=f"{PLAN} §3.3",
    )


def _evidence() -> Milestone:
    return Milestone(
        id="evidence_secured",
        label=both("证据固定", "Evidence is secured"),
        minutes=60 * MINUTE,  # §3.3: 1小时内完成初步证据固定
        owner_role="admin_officer",
        proof="evidence",
        stage="investigate",
        facts=(
            ticks(
                "secured",
                "已固定",
                "Secured",
                ("records", "封存病历", "Medical record sealed"),
                ("video", "拷贝监控", "Video copied"),
                ("messages", "保存沟通记录", "Messages saved"),
                required=False,  # a case may have none of the three: then `missing` says why
            ),
            note("missing", "缺少哪项及原因", "What is missing, and why", required=False),
        ),
        promise=both("1 小时内封存病历、监控与沟通记录", "Records, video and messages are secured within 1 hour"),
        steps=(
            EscalationStep(role="admin_officer", fraction=0.0),
            moment(0.75, "team_leader"),
            call(1.0, "director", ack=10, then="team_leader"),
        ),
        source=f"{PLAN} §3.3",
    )


def _report_up(settings: Settings) -> Milestone:
    counsel = (DONE,) if settings.counsel == "always" else (DONE, NOT_NEEDED)
    told: tuple[Field, ...] = (
        pick("director_told", "已上报院长", "The director is told", DONE),
        pick("counsel_told", "已上报法律顾问", "Legal counsel is told", *counsel),  # (如有必要)
    )
    return Milestone(
        id="report_to_director_and_counsel",
        label=both("上报院长及法律顾问", "Director and counsel are told"),
        minutes=60 * MINUTE,  # §3.3: 同时上报院长及法律顾问; the same hour is our reading of 同时
        owner_role="team_leader",
        stage="investigate",
        facts=told,
        steps=(moment(0.5, "director"), call(1.0, "director", ack=10, then="legal_counsel")),
        source=f"{PLAN} §3.3",
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
        proof="hearing",
        owner_role="team_leader",
        stage="investigate",
        with_roles=("senior_doctor", "head_nurse", "admin_officer"),
        facts=(
            experts,
            TextField(key="expert_names", label=both("专家姓名", "Names"), required=True, max_length=200),
            note("finding", "初步责任认定", "Preliminary finding of responsibility"),
        ),
        promise=both(
            "24 小时内召开有外部专家参加的听证会", "A hearing with external experts takes place within 24 hours"
        ),
        steps=(moment(0.5, "director"), moment(0.75, "director"), call(1.0, "director", ack=30, then="legal_counsel")),
        source=f"{PLAN} §3.3",
    )


def _formal() -> Milestone:
    return Milestone(
        id="formal_communication",
        label=both("正式沟通", "Formal talk with the customer"),
        minutes=48 * HOUR,  # §3.3: 48小时内与客户正式沟通 (the document is cut off here)
        after="internal_hearing",
        owner_role="team_leader",
        stage="respond",
        with_roles=("director",),
        pausable=True,
        facts=(note("outcome", "沟通结果", "Outcome"),),
        promise=both("48 小时内与您正式沟通", "We talk to you formally within 48 hours"),
        steps=(moment(0.75, "director"), call(1.0, "director", ack=60, then="legal_counsel")),
        source=f"{PLAN} §3.3",
    )


def _lessons() -> tuple[Milestone, ...]:
    return (
        Milestone(
            id="corrective_action",
            label=both("整改", "Corrective action"),
            after="report_delivered",
            owner_role="team_leader",
            proof="action",
            promise=both("针对原因进行整改", "We change what caused it"),
            source=f"{PLAN} §1.3",  # 受理-核查-反馈-整改
        ),
        Milestone(
            id="effectiveness_check",
            label=both("整改效果检查", "Check that it works"),
            after="corrective_action",
            owner_role="director",
            stage="follow_up",
            gate_for="archive",
            proof="effect",
            source=f"{PLAN} §1.3",  # 杜绝同类问题重复发生
        ),
    )


def level_3(settings: Settings) -> Policy:
    milestones = (
        *((contact(f"{STRATEGY} §3.5.1"),) if "contact" in settings.extra_steps else ()),
        _on_site(),
        _evidence(),
        _report_up(settings),
        _hearing(settings),
        _formal(),
        # The plan is cut off after the formal talk: report, approval and delivery are those of level 2.
        *report_chain("formal_communication", OWN),
        *_lessons(),
        # The plan is cut off before it says when a level 3 may be put away; as on level 1, not without the customer's word.
        satisfaction("report_delivered", OWN),
        *review("effectiveness_check", settings),
    )
    known = {milestone.id for milestone in milestones}
    again = (
        "ack_contact",
        "formal_communication",
        "written_report",
        "report_approval",
        "report_delivered",
        "effectiveness_check",
        "satisfaction_confirm",
    )
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
        reopen=tuple(name for name in again if name in known),
        roles=ROLES,
        source=f"{PLAN} §3.3",
    )
