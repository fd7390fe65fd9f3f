"""What the shop offers to make good: the three ways of the document, and its two for parcels."""

from plugins.api import RemedyKind, RemedyOffer, Severity, both, hookimpl
from plugins.supplements.complaints import EFFICACY, HEALTH, ORDER, SIMPLE

GUIDE = "2025年钙片行业企业客户服务质量提升"
GRAVER: tuple[Severity, ...] = ("L2", "L3")


def _offer(
    local: str,
    kind: RemedyKind,
    zh: str,
    en: str,
    *,
    severities: tuple[Severity, ...] = ("L1", "L2", "L3"),
    categories: tuple[str, ...] = (),
    item: str = "",
    cost: int | None = None,
) -> RemedyOffer:
    return RemedyOffer(
        id=local,
        kind=kind,
        label=both(zh, en),
        cost_fen=cost,
        item=item,
        severities=severities,
        categories=categories,
        source=GUIDE,
    )


# facts complaints: compensation_offers s002 (退款, 补发, 专业检测服务), order.exceptions (安排顺丰加急配送, 指导用户修改地址).
# No document states what any of it costs; the price is typed at the desk.
OFFERS = (
    _offer("refund", "refund", "退款", "Refund"),
    _offer("resend", "redo", "补发", "Resend", categories=(*SIMPLE, *ORDER)),
    _offer("express", "redo", "安排加急配送", "Express delivery", categories=ORDER),
    _offer("address", "redo", "指导修改收件地址", "Help to correct the address", categories=ORDER, cost=0),
    _offer(
        "test",
        "gift",
        "专业检测服务",
        "A professional test",
        severities=GRAVER,
        categories=(*HEALTH, *EFFICACY),
        item="专业检测服务",
    ),
)


@hookimpl
def complaint_remedies() -> tuple[RemedyOffer, ...]:
    """Return them; how much an agent gives without asking is a limit of the tenant's."""
    return OFFERS
