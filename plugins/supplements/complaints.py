"""What complaints of a supplement shop are about: the ten matters of the document in four lanes, and what else comes in."""

from plugins.api import Category, Severity, both, hookimpl


def _node(
    local: str,
    zh: str,
    en: str,
    parent: str | None = None,
    severity: Severity = "L1",
    evidence: tuple[str, ...] = ("chat_record",),
) -> Category:
    return Category(id=local, label=both(zh, en), parent=parent, default_severity=severity, evidence=evidence)


# 2025年钙片行业企业客户服务质量提升, its ten matters (facts/complaints retail) in the lanes of its 分级处理: 简单 (物流损坏、
# 产品过敏 are settled by the agent), 复杂 (补钙后出现不适), 订单异常 and 产品效果. Allergy is a health event, so it stands with
# the complex ones although the document calls it simple: whoever has a symptom hears from an adviser (own design).
CATEGORIES = (
    _node("simple", "商品与服务", "Goods and service"),
    _node("simple_damaged", "物流损坏", "Damaged on the way", "simple", evidence=("photo", "chat_record")),
    _node("simple_return", "退换货流程", "Returning and exchanging", "simple", evidence=("bill", "chat_record")),
    _node("simple_agent", "客服专业度不足", "Agents who do not know", "simple", evidence=("chat_record", "call_recording")),
    _node("order", "订单与物流", "Orders and delivery"),
    _node("order_anomaly", "订单异常", "Something wrong with an order", "order", evidence=("bill", "chat_record")),
    _node("order_tracking", "物流信息错误", "Wrong tracking data", "order"),
    _node("order_address", "地址错误", "Wrong address", "order"),
    _node("order_stuck", "快递滞留", "Parcel does not move", "order"),
    _node("health", "服用后不适", "Unwell after taking it", None, "L2", ("photo", "chat_record", "medical_record")),
    _node("health_allergy", "产品过敏", "Allergy", "health", "L2", ("photo", "chat_record", "medical_record")),
    _node("health_unwell", "补钙后不适", "Unwell after calcium", "health", "L2", ("chat_record", "medical_record")),
    _node("efficacy", "产品效果不满", "Not satisfied with the effect", evidence=("chat_record", "medical_record")),
)  # fmt: skip
SIMPLE, ORDER, HEALTH, EFFICACY = ("simple",), ("order",), ("health",), ("efficacy",)


@hookimpl
def complaint_categories() -> tuple[Category, ...]:
    """Return the tree, parents first; the four at the top are the lanes."""
    return CATEGORIES
