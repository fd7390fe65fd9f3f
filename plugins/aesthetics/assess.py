"""Judges how grave a complaint about medical aesthetics is and what it is about; says why, with the words."""

import re
from collections.abc import Mapping

from plugins.aesthetics.complaints import CATEGORIES
from plugins.aesthetics.signals import OWN, REASON_TOPICS, REASON_WEIGHT, SIGNALS, SYSTEM, TOPICS
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

MATCHER = Matcher(SIGNALS, TOPICS)
_KNOWN = {f"aesthetics.{category.id}": category for category in CATEGORIES}
_CHANNELS = {
    "social_media": ("public_post", both("公开发布负面信息", "A negative post in public")),
    "regulator": ("regulator_report", both("向监管部门投诉或举报", "A report to the authorities")),
}
MOST_QUOTES = 3
# A house may have a pet clinic or a shop too: what is about an animal or a parcel is not read here, unless ours is named.
_ANIMAL = re.compile(r"宠物|猫|狗(?!皮)|犬|兔|\b(?:cat|dog|pet)s?\b")
_GOODS = re.compile(r"钙片|快递|包裹|物流|补钙|\b(?:calcium|parcel)\b")
_OURS = re.compile(
    r"整形|医美|美容|双眼皮|埋线|隆鼻|鼻子|玻尿酸|肉毒|瘦脸|吸脂|光子|热玛吉|水光|线雕|咨询师|面诊|脸|眼(?:皮|袋|睛)|皮肤|"
    r"\b(?:filler|botox|eyelids?|nose job|face|skin|consultant)\b"
)


@hookimpl
async def assess_complaint(complaint: ComplaintFacts) -> Assessment | None:
    """Return the highest level that anything calls for; None about what is no matter of medical aesthetics."""
    if _is_anothers(complaint):
        return None
    reading = Reading(complaint.text)
    reasons = _told_without_words(complaint)
    quotes: list[Quote] = []
    for hit in MATCHER.find_hits(reading):
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
        text = both("未发现损害后果", "No sign of harm")
        reasons["no_harm_found"] = Reason(code="no_harm_found", severity="L1", text=text, source=OWN)
    ordered = tuple(sorted(reasons.values(), key=lambda reason: -severity_rank(reason.severity)))
    return Assessment(
        severity=ordered[0].severity,
        category=suggestion.category if suggestion is not None else None,
        reasons=ordered,
        quotes=tuple(quotes),
    )


def _is_anothers(complaint: ComplaintFacts) -> bool:
    if complaint.category is not None:
        return complaint.category not in _KNOWN
    others = complaint.species is not None or _ANIMAL.search(complaint.text) or _GOODS.search(complaint.text)
    return bool(others) and _OURS.search(complaint.text) is None


def _told_without_words(complaint: ComplaintFacts) -> dict[str, Reason]:
    """What the channel and the chosen category say."""
    reasons: dict[str, Reason] = {}
    if complaint.channel in _CHANNELS:
        code, text = _CHANNELS[complaint.channel]
        reasons[code] = Reason(code=code, severity="L3", text=text, source=OWN)
    category = _KNOWN.get(complaint.category or "")
    if category is not None and category.default_severity == "L2":
        zh, en = (localized(category.label, locale) for locale in ("zh-CN", "en"))
        text = both(f"类别为{zh}", f"The category is: {en}")
        reasons["category"] = Reason(code="category", severity="L2", text=text, source=f"{SYSTEM}; level: {OWN}")
    return reasons


def _suggest(reading: Reading, reasons: Mapping[str, Reason]) -> Suggestion | None:
    told: dict[str, float] = {}
    for code in reasons:
        if code in REASON_TOPICS:
            told[REASON_TOPICS[code]] = told.get(REASON_TOPICS[code], 0.0) + REASON_WEIGHT
    return MATCHER.suggest(reading, told)


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
