"""Judges how grave a complaint about supplements is and in which lane it belongs; says why, with the words."""

import re
from collections.abc import Mapping

from plugins.api import (
    Assessment,
    ComplaintFacts,
    Hit,
    Matcher,
    Quote,
    Reading,
    Reason,
    Suggestion,
    both,
    hookimpl,
    localized,
    severity_rank,
)
from plugins.supplements.complaints import CATEGORIES
from plugins.supplements.signals import GUIDE, OWN, REASON_TOPICS, REASON_WEIGHT, SIGNALS, TOPICS

_MATCHER = Matcher(SIGNALS, TOPICS)
_DEFAULTS = {f"supplements.{category.id}": category for category in CATEGORIES}
_CHANNELS = {
    "social_media": ("public_post", both("公开发布负面信息", "A negative post in public")),
    "regulator": ("regulator_report", both("向监管部门投诉或举报", "A report to the authorities")),
}
MOST_QUOTES = 3


# A clinic that also sells supplements: what is about an animal is not read here, unless our goods are named.
_ANIMAL = re.compile(r"宠物|猫|狗|犬|兔|\b(?:cat|dog|pet)s?\b")
_OURS = re.compile(r"钙|维生素|补充剂|保健品|营养品|快递|物流|包裹|订单|calcium|vitamin|supplement|parcel|order")


@hookimpl
async def assess_complaint(complaint: ComplaintFacts) -> Assessment | None:
    """Return the highest level that anything calls for; None about what is no matter of a supplement shop."""
    if _is_anothers(complaint):
        return None
    reading = Reading(complaint.text)
    reasons = _told_without_words(complaint)
    quotes: list[Quote] = []
    for hit in _MATCHER.find_hits(reading):
        reason = _reason(hit)
        if reason is not None:
            reasons.setdefault(reason.code, reason)
            _quote(quotes, reason.code, complaint.text, hit.start, hit.end)
    suggestion = None if complaint.category else _suggest(reading, reasons)
    if suggestion is None and complaint.category is None and not reasons:
        return None
    for start, end in suggestion.spans if suggestion is not None else ():
        _quote(quotes, "category", complaint.text, start, end)
    if not reasons:
        text = both("未见健康损害，客服可直接退款或补发", "No harm to health: an agent may refund or resend")
        reasons["simple"] = Reason(code="simple", severity="L1", text=text, source=f"{GUIDE} R25")
    ordered = tuple(sorted(reasons.values(), key=lambda reason: -severity_rank(reason.severity)))
    return Assessment(
        severity=ordered[0].severity,
        category=suggestion.category if suggestion is not None else None,
        reasons=ordered,
        quotes=tuple(quotes),
    )


def _is_anothers(complaint: ComplaintFacts) -> bool:
    if complaint.category is not None:
        return complaint.category not in _DEFAULTS
    animal = complaint.species is not None or _ANIMAL.search(complaint.text) is not None
    return animal and _OURS.search(complaint.text) is None


def _told_without_words(complaint: ComplaintFacts) -> dict[str, Reason]:
    """What the channel and the chosen category say."""
    reasons: dict[str, Reason] = {}
    if complaint.channel in _CHANNELS:
        code, text = _CHANNELS[complaint.channel]
        reasons[code] = Reason(code=code, severity="L3", text=text, source=OWN)
    category = _DEFAULTS.get(complaint.category or "")
    if category is not None and category.default_severity == "L2":
        text = both("类别为服用后不适", "The category is: unwell after taking it")
        reasons["category"] = Reason(code="category", severity="L2", text=text, source=f"{GUIDE} retail.medical")
    return reasons


def _suggest(reading: Reading, reasons: Mapping[str, Reason]) -> Suggestion | None:
    told = {REASON_TOPICS[code]: float(REASON_WEIGHT) for code in reasons if code in REASON_TOPICS}
    return _MATCHER.suggest(reading, told)


def _reason(hit: Hit) -> Reason | None:
    signal = hit.signal
    if hit.mood in {"denied", "hearsay", "not_meant", "feared"}:
        return None
    if hit.mood == "announced":
        zh, en = (localized(signal.reason, locale) for locale in ("zh-CN", "en"))
        text = both(f"客户表示将会：{zh}", f"The customer announces: {en}")
        return Reason(code=f"{signal.code}_announced", severity="L2", text=text, source=OWN)
    return Reason(code=signal.code, severity=signal.severity, text=signal.reason, source=signal.source)


def _quote(quotes: list[Quote], code: str, text: str, start: int, end: int) -> None:
    same = [quote for quote in quotes if quote.reason == code]
    if len(same) < MOST_QUOTES and not any(quote.start < end and start < quote.end for quote in same):
        quotes.append(Quote(reason=code, text=text[start:end], start=start, end=end))
