"""What the shop promises: every complaint within 1 and 24 hours, orders in 2, advice or an effect report in 24."""

from plugins.api import (
    ChoiceField,
    DutyRole,
    EscalationStep,
    Milestone,
    Option,
    Policy,
    Severity,
    Text,
    TextField,
    both,
    hookimpl,
)
from plugins.supplements.complaints import EFFICACY, HEALTH, ORDER, SIMPLE

GUIDE = "2025年钙片行业企业客户服务质量提升"
OWN = "own design"
HOUR = 60

# The document names 客服, 健康顾问, 产品研发团队 and 企业高管; the codes are those of the product's roles (own mapping).
ROLES = (
    DutyRole(code="front_desk", label=both("客服", "Service agent")),
    DutyRole(code="service_supervisor", label=both("客服主管", "Customer service supervisor")),
    DutyRole(code="doctor", label=both("健康顾问", "Health adviser")),
    DutyRole(code="senior_doctor", label=both("产品研发团队", "Product research team")),
    DutyRole(code="team_leader", label=both("售后负责人", "Head of after-sales")),
    DutyRole(code="director", label=both("企业高管", "Management")),
)


def _moment(fraction: float, role: str) -> EscalationStep:
    return EscalationStep(role=role, fraction=fraction)


def _note(key: str, zh: str, en: str) -> TextField:
    return TextField(key=key, label=both(zh, en), required=True, max_length=2000, multiline=True)


def _pick(key: str, zh: str, en: str, *options: tuple[str, str, str]) -> ChoiceField:
    made = tuple(Option(value, both(label_zh, label_en)) for value, label_zh, label_en in options)
    return ChoiceField(key=key, label=both(zh, en), required=True, options=made)


def _respond(leader: str) -> Milestone:
    return Milestone(
        id="ack_contact",
        label=both("首次响应", "First contact"),
        minutes=1 * HOUR,  # 投诉处理“1小时响应、24小时闭环” (facts retail.respond)
        owner_role="front_desk",
        stage="receive",
        how=(both("先共情，再说处理办法和时间", "Understanding first, then what happens and when"),),
        proof="call",
        promise=both("1 小时内与您联系", "We contact you within 1 hour"),
        steps=(_moment(0.5, "service_supervisor"), _moment(1.0, leader)),
        source=f"{GUIDE} retail.respond",
    )


def _settle() -> Milestone:
    return Milestone(
        id="fast_settlement",
        label=both("直接退款或补发", "Refund or resend at once"),
        # 简单问题(如物流损坏、产品过敏)由客服直接退款/补发 (facts R25); no time of its own: it is part of the 24 hours
        after="ack_contact",
        owner_role="front_desk",
        stage="resolve",
        facts=(
            _pick(
                "settled",
                "处理方式",
                "How it was settled",
                ("refund", "退款", "Refund"),
                ("resend", "补发", "Resend"),
                ("exchange", "换货", "Exchange"),
                ("explained", "已解释清楚，无需退补", "Explained, nothing to give back"),
            ),
        ),
        shown=("settled",),
        promise=both(
            "小问题由客服直接退款或补发，不用层层审批", "Small matters are refunded or resent without approvals"
        ),
        categories=SIMPLE,
        source=f"{GUIDE} R25",
    )


def _order() -> Milestone:
    return Milestone(
        id="order_resolved",
        label=both("订单异常解决", "The order is put right"),
        minutes=2 * HOUR,  # 订单异常2小时内解决 (facts retail.order, order.exception_2h)
        after="ack_contact",
        owner_role="front_desk",
        with_roles=("service_supervisor",),
        stage="resolve",
        how=(both("在客服与物流的实时沟通群里确认", "Settle it with the carrier in the shared chat"),),
        facts=(
            _pick(
                "remedy",
                "处理办法",
                "Remedy",
                ("express", "安排加急配送", "Express delivery"),
                ("address", "指导客户修改地址", "Address corrected with the customer"),
                ("resend", "补发", "Resend"),
                ("refund", "退款", "Refund"),
            ),
        ),
        shown=("remedy",),
        promise=both("订单异常 2 小时内解决", "Trouble with an order is settled within 2 hours"),
        steps=(_moment(0.5, "service_supervisor"), _moment(1.0, "team_leader")),
        categories=ORDER,
        source=f"{GUIDE} retail.order",
    )


def _advice() -> Milestone:
    return Milestone(
        id="medical_advice",
        label=both("医学建议或专业检测", "Medical advice or a test"),
        minutes=24 * HOUR,  # 24小时内提供“医学建议”或“专业检测服务” (facts retail.medical)
        after="ack_contact",
        owner_role="doctor",
        stage="investigate",
        how=(
            both(
                "先请客户停用并就医，不判断病情",
                "Ask the customer to stop taking it and to see a doctor; judge no illness",
            ),
        ),
        facts=(
            _pick(
                "given",
                "提供了什么",
                "What was given",
                ("advice", "医学建议", "Medical advice"),
                ("test", "专业检测服务", "A professional test"),
            ),
            _note("words", "内容", "In words"),
        ),
        shown=("given", "words"),
        promise=both(
            "24 小时内由健康顾问给出建议或安排检测", "A health adviser advises you or arranges a test within 24 hours"
        ),
        steps=(_moment(0.75, "team_leader"), _moment(1.0, "director")),
        categories=HEALTH,
        source=f"{GUIDE} retail.medical",
    )


def _effect() -> Milestone:
    return Milestone(
        id="effect_report",
        label=both("效果评估报告或解决方案", "Effect report or a solution"),
        minutes=24 * HOUR,  # 24小时内提供“效果评估报告”或“解决方案” (facts retail.efficacy)
        after="ack_contact",
        owner_role="senior_doctor",
        with_roles=("doctor",),
        stage="investigate",
        facts=(
            _pick(
                "given",
                "提供了什么",
                "What was given",
                ("report", "效果评估报告", "Effect report"),
                ("solution", "解决方案", "Solution"),
            ),
            _note("words", "内容", "In words"),
        ),
        shown=("given", "words"),
        promise=both("24 小时内给您效果评估报告或解决方案", "You get an effect report or a solution within 24 hours"),
        steps=(_moment(0.75, "team_leader"), _moment(1.0, "director")),
        categories=EFFICACY,
        source=f"{GUIDE} retail.efficacy",
    )


def _closed(leader: str) -> Milestone:
    return Milestone(
        id="closed_loop",
        label=both("闭环：告知结果并确认", "Closed loop: result told and confirmed"),
        minutes=24 * HOUR,  # 投诉处理“1小时响应、24小时闭环” (facts retail.close)
        after="ack_contact",
        owner_role="service_supervisor",
        stage="follow_up",
        pausable=True,
        gate_for="archive",
        facts=(
            _note("result", "处理结果", "Result"),
            _pick("satisfied", "客户是否满意", "Satisfied", ("yes", "满意", "Yes"), ("no", "不满意", "No")),
        ),
        shown=("result",),
        promise=both("24 小时内处理完毕并告诉您结果", "Settled within 24 hours, and you hear the result"),
        steps=(_moment(0.75, "service_supervisor"), _moment(1.0, leader)),
        source=f"{GUIDE} retail.close",
    )


def _withhold() -> Milestone:
    return Milestone(
        id="batch_withheld",
        label=both("核对批次，问题批次暂停销售", "Check the batch, and stop selling it where in doubt"),
        minutes=1 * HOUR,
        owner_role="team_leader",
        stage="investigate",
        facts=(_note("batch", "批号与处理", "Batch, and what was done"),),
        steps=(_moment(0.5, "director"), _moment(1.0, "director")),
        source=OWN,  # the document has no third level
    )


def _policy(
    severity: Severity, label: Text, definition: Text, examples: tuple[Text, ...], leader: str, *first: Milestone
) -> Policy:
    """The lanes hold on every level: a symptom found in an order's complaint does not end the order's 2 hours."""
    milestones = (
        _respond(leader),
        *first,
        _settle(),
        _order(),
        _advice(),
        _effect(),
        _closed(leader),
    )
    return Policy(
        severity=severity,
        label=label,
        definition=definition,
        examples=examples,
        milestones=milestones,
        reopen=("ack_contact", "order_resolved", "medical_advice", "effect_report", "closed_loop"),
        roles=ROLES,
        source=f"{GUIDE} retail.*" if severity != "L3" else OWN,
    )


@hookimpl
def complaint_policies() -> tuple[Policy, ...]:
    """Simple and complex are the document's two; grave is ours, for harm and what goes outside."""
    return (
        _policy(
            "L1",
            both("简单", "Simple"),
            both("客服可以直接退款或补发的问题", "What an agent may refund or resend by himself"),
            (both("物流损坏", "Damaged on the way"), both("快递滞留3天", "A parcel that has not moved for 3 days")),
            "team_leader",
        ),
        _policy(
            "L2",
            both("复杂", "Complex"),
            both("需要健康顾问或研发团队答复的问题", "What a health adviser or the research team has to answer"),
            (both("补钙后出现不适", "Unwell after taking calcium"), both("产品过敏", "Allergy to the product")),
            "team_leader",
        ),
        _policy(
            "L3",
            both("重大", "Grave"),
            both(
                "就医或住院、疑似假货或过期、公开发帖或向监管部门举报",
                "Treated in hospital, perhaps counterfeit or expired, posted in public or reported",
            ),
            (
                both("服用后住院", "In hospital after taking it"),
                both("客户向监管部门举报", "Reported to the authorities"),
            ),
            "director",
            _withhold(),
        ),
    )
