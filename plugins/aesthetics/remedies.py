"""What the clinic offers to make good: the document names none, so these are ours; the price is typed at the desk."""

from plugins.api import RemedyKind, RemedyOffer, Severity, both, hookimpl

GRAVER: tuple[Severity, ...] = ("L2", "L3")
MEDICAL = ("medical",)


def _offer(
    local: str,
    kind: RemedyKind,
    zh: str,
    en: str,
    *,
    severities: tuple[Severity, ...] = ("L1", "L2", "L3"),
    categories: tuple[str, ...] = (),
    item: str = "",
) -> RemedyOffer:
    return RemedyOffer(
        id=local,
        kind=kind,
        label=both(zh, en),
        item=item,
        severities=severities,
        categories=categories,
        source="own design",
    )


OFFERS = (
    _offer("recheck", "redo", "医生免费复诊", "Free check-up by a doctor", categories=MEDICAL, item="免费复诊"),
    _offer("repair", "redo", "由医生评估后修复", "Correction, after a doctor's judgement", severities=GRAVER, categories=MEDICAL, item="修复"),
    _offer("refund", "refund", "退还部分或全部费用", "A part or all of the fee back"),
    _offer("care_kit", "gift", "术后护理用品", "Care products for the recovery", item="术后护理"),
)  # fmt: skip


@hookimpl
def complaint_remedies() -> tuple[RemedyOffer, ...]:
    """Return them; how much is given without asking is a limit of the tenant's."""
    return OFFERS
