"""What the clinic offers after a complaint: the nine ways that its two documents name."""

from plugins.api import RemedyKind, RemedyOffer, Severity, both, hookimpl

STRATEGY = "2025东营宠物诊所客户服务策略 §3.5.1"
PLAN = "宠物医院客户投诉应急预案 §3.2"
GRAVER: tuple[Severity, ...] = ("L2", "L3")
MEDICAL = ("medical", "service_custody", "environment_infection")


def _offer(
    local: str,
    kind: RemedyKind,
    zh: str,
    en: str,
    source: str,
    *,
    fen: int | None = None,
    template: str = "",
    item: str = "",
    severities: tuple[Severity, ...] = ("L1", "L2", "L3"),
    categories: tuple[str, ...] = (),
) -> RemedyOffer:
    return RemedyOffer(
        id=local,
        kind=kind,
        label=both(zh, en),
        cost_fen=fen,
        template=template,
        item=item,
        severities=severities,
        categories=categories,
        source=source,
    )


# No document states what any of it costs, or how much of it may be given: 100 and 50 yuan stand in the names, the other
# prices are typed at the desk.
OFFERS = (
    _offer(
        "recheck",
        "redo",
        "免费复查",
        "Free re-examination",
        STRATEGY,
        item="免费复查",
        severities=GRAVER,
        categories=MEDICAL,
    ),
    _offer(
        "check_fee",
        "refund",
        "补偿检查费用",
        "The examination fee back",
        STRATEGY,
        severities=GRAVER,
        categories=MEDICAL,
    ),
    _offer("fee_cut", "fee_reduction", "减免部分费用", "A part of the fee waived", PLAN, severities=GRAVER),
    _offer(
        "plan_change", "redo", "调整治疗计划", "The treatment plan changed", PLAN, severities=GRAVER, categories=MEDICAL
    ),
    _offer("checkup", "gift", "免费体检券", "Free check-up", STRATEGY, item="免费体检"),
    _offer("deworming", "gift", "免费驱虫", "Free deworming", STRATEGY, item="免费驱虫"),
    _offer("voucher_100", "coupon", "100 元代金券", "100 yuan voucher", STRATEGY, fen=100_00, template="coupon_100"),
    _offer("coupon_50", "coupon", "50 元优惠券", "50 yuan coupon", STRATEGY, fen=50_00, template="coupon_50"),
    _offer("goods", "gift", "宠物用品礼包", "A bag of pet supplies", STRATEGY, item="宠物用品礼包"),
)


@hookimpl
def complaint_remedies() -> tuple[RemedyOffer, ...]:
    """Return them, the nearest to the harm first."""
    return OFFERS
