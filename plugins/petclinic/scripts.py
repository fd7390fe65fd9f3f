"""What the clinic says after a complaint: understanding first, then the solution; and what it never promises."""

from plugins.api import Script, Severity, WordRule, both, hookimpl

PLAN = "宠物医院客户投诉应急预案"
TRAINING = "宠物服务业投诉处理培训与发展"
OWN = "own design"
GRAVE: tuple[Severity, ...] = ("L3",)
SERIOUS: tuple[Severity, ...] = ("L2", "L3")

SCRIPTS = (
    Script(
        id="empathy_worry",
        label=both("共情：心疼又着急", "Understanding: worried about the pet"),
        # §1.3: 先共情……再解决问题
        text=both(
            "{customer}您好，能理解您现在又心疼又着急的心情。我是{me}，这件事由我来跟进。",
            "Dear {customer}, I understand how worried and upset you are. I am {me}, and I will see to this.",
        ),
        milestones=("ack_contact", "leader_on_site"),
        source=f"{PLAN} §1.3",
    ),
    Script(
        id="empathy_wait",
        label=both("共情：等候太久", "Understanding: a long wait"),
        text=both(
            "实在抱歉让您等久了，我们马上调整叫号系统，稍后为您优先安排。",
            "We are really sorry that you had to wait. We are changing the queue now, and you come next.",
        ),
        milestones=("ack_contact",),
        categories=("service_waiting",),
        source=f"{PLAN} §1.3",
    ),
    Script(
        id="empathy_feel",
        label=both("共情：我理解你的感受", "Understanding: how you feel"),
        text=both(
            "{customer}您好，我理解您的感受，这听起来很令人沮丧。请您把经过告诉我，我来记录。",
            "Dear {customer}, I understand how you feel; this sounds upsetting. Please tell me what happened, I will note it.",
        ),
        milestones=("ack_contact",),
        source=f"{TRAINING}",  # 使用同理心的话语; 用“我”来陈述
    ),
    Script(
        id="confirm_steps",
        label=both("书面确认：步骤与时间", "Written confirmation: steps and times"),
        text=both(
            "{customer}您好，能理解您现在的心情。您的投诉 {number} 我们已经收到，接下来我们会：\n{steps}\n进展我会随时告诉您。",
            "Dear {customer}, I understand how you feel. We have your complaint {number}. This is what follows:\n{steps}\n"
            "I will keep you informed.",
        ),
        source=f"{TRAINING}",  # 书面确认，列出步骤和预计时间表
    ),
    Script(
        id="result_message",
        label=both("反馈处理结果", "Tell the result"),
        text=both(
            "{customer}您好，让您费心了，实在抱歉。您反映的问题我们已经处理：……。您看这样是否满意？",
            "Dear {customer}, we are sorry for the trouble. What you told us has been dealt with: …. Are you satisfied with it?",
        ),
        milestones=("result_feedback", "satisfaction_confirm"),
        source=f"{PLAN} §3.1",  # 处理结果需通过短信或微信向客户反馈
    ),
    Script(
        id="invite_meeting",
        label=both("邀请当面沟通，并暂停计时", "Invite to a meeting, and pause"),
        text=both(
            "{customer}您好，能理解您的心情。想请您到独立会议室当面沟通，我们会说明事情经过、我们的不足和改进方案。请问哪个时间方便？",
            "Dear {customer}, I understand how you feel. We would like to meet you in a quiet room and tell you what "
            "happened, where we fell short and what will be better. When would suit you?",
        ),
        note=both(
            "已邀请客户当面沟通，等客户定时间；独立会议室已预留。",
            "Invited to a meeting; waits for the customer's time; the room is reserved.",
        ),
        task=both("向客户确认面谈时间（{number}）", "Ask the customer for a time to meet ({number})"),
        task_hours=4,
        pause="face_to_face_meeting",
        severities=("L2",),
        milestones=("face_to_face_meeting",),
        source=f"{PLAN} §3.2",
    ),
    Script(
        id="grave_first_hour",
        label=both("重大投诉：第一个小时", "Grave: the first hour"),
        text=both(
            "{customer}您好，能理解您现在又心疼又着急的心情，实在抱歉。负责人正在赶到您身边，{due} 前会向您说明下一步：{step}。",
            "Dear {customer}, I understand how worried you are, and I am sorry. The person in charge is on the way. "
            "By {due} you hear the next step: {step}.",
        ),
        note=both(
            "提醒：暂停相关岗位，安排专人陪同客户到安静区域，封存病历、拷贝监控、保存沟通记录。",
            "Suspend the post, take the customer to a quiet room, seal the record, copy the video, save the messages.",
        ),
        task=both("核对证据是否在 1 小时内固定（{number}）", "Is the evidence secured within the hour? ({number})"),
        task_hours=1,
        severities=GRAVE,
        milestones=("leader_on_site", "evidence_secured"),
        source=f"{PLAN} §3.3",
    ),
    Script(
        id="report_comes",
        label=both("告知书面报告的进度", "How far the written report is"),
        text=both(
            "{customer}您好，谢谢您的耐心，让您久等了，抱歉。书面处理报告正在由院长审核，审核后第一时间送达给您。",
            "Dear {customer}, thank you for your patience, and sorry for the wait. The director is reading the written report; "
            "it comes to you right after that.",
        ),
        severities=SERIOUS,
        milestones=("report_approval", "report_delivered"),
        source=f"{PLAN} §3.2",
    ),
)

WORDING = (
    WordRule(
        id="cure",
        words=(
            "保证治愈",
            "一定能治好",
            "一定治好",
            "包治",
            "百分之百",
            "100%",
            "绝对安全",
            "永不复发",
            "不会复发",
            "药到病除",
        ),
        why=both("疗效无法保证，说了就是承诺", "No cure is certain, and this promises one"),
        instead=both(
            "我们会尽全力，并把每一步检查结果告诉您。", "We do all we can, and tell you the result of each step."
        ),
        source=OWN,
    ),
    WordRule(
        id="liability",
        words=("全部责任", "我们全责", "全责", "医疗事故", "医生的过失", "我们赔", "全额赔偿"),
        # §3.3: the finding of responsibility is the hearing's.
        why=both(
            "责任在核查和听证之后认定，现在说会被当作结论",
            "Responsibility is found after verification and hearing, not before",
        ),
        instead=both("我们正在核查，结论会书面告诉您。", "We are looking into it; you get the finding in writing."),
        source=f"{PLAN} §3.3",
    ),
    WordRule(
        id="silence",
        words=("删帖", "删除帖子", "撤销举报", "撤回举报", "私了", "别发朋友圈", "别曝光"),
        why=both("不得以补偿换取删帖或撤诉", "Nothing is offered for taking down a post or a report"),
        instead=both(
            "您的意见我们认真对待，也愿意公开说明处理结果。",
            "We take your words seriously and will say openly what we did.",
        ),
        source=OWN,
    ),
    WordRule(
        id="death",
        kind="avoid",
        words=("死了", "没救了", "畜生", "一只狗而已", "一只猫而已", "就是只"),
        why=both("伤害客户的感情", "It hurts the customer"),
        instead=both("离开了我们 / 它的名字", "has passed away / the pet's name"),
        source=OWN,
    ),
)


@hookimpl
def complaint_scripts() -> tuple[Script, ...]:
    """Return them in the order of a case, understanding first."""
    return SCRIPTS


@hookimpl
def complaint_wording() -> tuple[WordRule, ...]:
    """Return what the clinic never says to a customer."""
    return WORDING
