"""Level 1, slight: details of service or communication, no real harm."""

from plugins.api import EscalationStep, Milestone, Policy, both
from plugins.petclinic.levels.parts import HOUR, PLAN, ROLES, contact, moment, note, pick, review, satisfaction
from plugins.petclinic.settings import Settings


def level_1(settings: Settings) -> Policy:
    milestones = (
        contact(f"{PLAN} §3.1"),  # 接诉后30分钟内由客服主管当面或电话响应
        Milestone(
            id="corrective_measure",
            label=both("落实改进措施", "Put the improvement in place"),
            minutes=24 * HOUR,  # §3.1: 24小时内落实改进措施
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
            source=f"{PLAN} §3.1",
        ),
        Milestone(
            id="result_feedback",
            label=both("反馈处理结果", "Tell the customer the result"),
            after="corrective_measure",
            owner_role="service_supervisor",
            how=(both("短信或微信", "By SMS or WeChat"),),  # §3.1: 处理结果需通过短信或微信向客户反馈
            facts=(
                pick("channel", "渠道", "Channel", ("sms", "短信", "SMS"), ("wechat", "微信", "WeChat")),
                note("result", "处理结果", "Result"),
            ),
            shown=("result",),
            promise=both("结果通过短信或微信告诉您", "You get the result by SMS or WeChat"),
            source=f"{PLAN} §3.1",
        ),
        satisfaction("result_feedback"),  # §3.1: 确认满意后归档
        *review("satisfaction_confirm", settings),
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
