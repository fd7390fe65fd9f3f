"""Judges how grave a complaint is, from what was ticked, the sums, the channel, and the words; says why."""

import re
from collections.abc import Iterator
from itertools import islice

from plugins.api import (
    Assessment,
    ComplaintFacts,
    DecideContext,
    Quote,
    Reason,
    both,
    hookimpl,
    localized,
    severity_rank,
)
from plugins.petclinic.amounts import overruns, percent_over, reaches
from plugins.petclinic.complaints import CATEGORIES
from plugins.petclinic.reading import Mood, Reading
from plugins.petclinic.settings import Settings
from plugins.petclinic.signals import PLAN, SIGNALS, SURGERY, Signal

# facts/complaints: the boolean triggers of §3.3, as keys of ComplaintFacts.answers.
TICKED = {
    "animal_death_in_surgery": both("手术中宠物死亡", "A pet died in surgery"),
    "wrong_amputation": both("错误截肢", "The wrong limb was amputated"),
    "boarding_escape": both("宠物寄养期间逃跑", "A boarded pet ran away"),
    "social_media_negative_post": both("客户在社交媒体发布负面信息", "The customer posted about it"),
    "regulator_report": both("客户向监管部门举报", "The customer reported it to the authorities"),
}
_CHANNELS = {"social_media": "social_media_negative_post", "regulator": "regulator_report"}
_DEFAULTS = {f"petclinic.{category.id}": category for category in CATEGORIES}
# A category suggested from the words when nobody chose one; the first that fits.
_GUESSES = tuple(
    (category, re.compile(pattern))
    for category, pattern in (
        ("service_custody", r"寄养|寄存|托管|走失|跑丢|弄丢|boarding|ran away"),
        ("medical_diagnosis", r"误诊|漏诊|诊断|misdiagnos"),
        ("medical_drugs", r"开错药|用错药|用药|药量|过敏|打错针|wrong (?:drug|medic|dose)"),
        ("environment_infection", r"交叉感染|传染"),
        ("medical_outcome", r"手术|麻醉|截肢|治疗|死|去世|缓解|好转|复发|surgery|treatment|died"),
        ("service_fees", r"费用|收费|账单|预估|价格|多收|乱收|明细|\b(?:bill|fee|charge|price)"),
        ("environment_hygiene", r"卫生|脏|臭|异味|尿味|消毒|dirty|smell|hygien"),
        ("environment_noise", r"噪音|吵|nois"),
        ("other_pickup", r"接送|没来接|pick[- ]?up"),
        ("other_online_reply", r"(?:线上|微信|在线|公众号)[^。]{0,12}(?:不回|没回|未回|回复|没人理)|reply online"),
        ("service_waiting", r"等了|等待|排队|候诊|叫号|wait"),
        ("service_attitude", r"态度|冷漠|不耐烦|骂|凶|敷衍|爱理不理|rude|attitude"),
    )
)


MOST_MATCHES = 40
MOST_QUOTES = 3


class _Findings:
    """Collects reasons once each, and every quote."""

    def __init__(self) -> None:
        self.reasons: dict[str, Reason] = {}
        self.quotes: list[Quote] = []

    def add(self, reason: Reason, quote: Quote | None = None) -> None:
        self.reasons.setdefault(reason.code, reason)
        if quote is None:
            return
        known = [other for other in self.quotes if other.reason == quote.reason]
        overlaps = any(other.start < quote.end and quote.start < other.end for other in known)
        if len(known) < MOST_QUOTES and not overlaps:
            self.quotes.append(quote)


@hookimpl
async def assess_complaint(ctx: DecideContext[Settings], complaint: ComplaintFacts) -> Assessment:
    """Return the highest level that anything in the complaint calls for; level 1 when nothing does."""
    found = _Findings()
    _from_answers(complaint, found)
    _from_sums(complaint, ctx.settings, found)
    _from_category(complaint, found)
    reading = Reading(complaint.text)
    for reason, start, end in _from_words(reading, ctx.settings):
        words = complaint.text[start:end]
        found.add(reason, Quote(reason=reason.code, text=words, start=start, end=end))
    for reason, start, end in _from_words(Reading(complaint.desired), ctx.settings):
        words = complaint.desired[start:end]
        found.add(reason, Quote(reason=reason.code, text=words, start=start, end=end, source="desired"))
    if not found.reasons:
        found.add(
            Reason(
                code="no_harm_found",
                severity="L1",
                text=both("未发现实质损害后果", "No sign of real harm"),
                source=f"{PLAN} §3.1",
            )
        )
    reasons = tuple(sorted(found.reasons.values(), key=lambda reason: -severity_rank(reason.severity)))
    return Assessment(
        severity=reasons[0].severity,
        category=None if complaint.category else _guess(reading),
        reasons=reasons,
        quotes=tuple(found.quotes),
    )


def _from_answers(complaint: ComplaintFacts, found: _Findings) -> None:
    told = {code for code in TICKED if complaint.answers.get(code) is True}
    # §3.3 外部风险: a complaint that arrives by these channels has already happened in public.
    told |= {_CHANNELS[complaint.channel]} & set(TICKED) if complaint.channel in _CHANNELS else set()
    for code in sorted(told):
        found.add(Reason(code=code, severity="L3", text=TICKED[code], source=f"{PLAN} §3.3"))


def _over_estimate(percent: float, threshold: int) -> Reason:
    return Reason(
        code="cost_over_estimate",
        severity="L2",
        text=both(
            f"费用超出预估 {percent:.4g}%（达到 {threshold}%）",
            f"The bill is {percent:.4g} % over the estimate ({threshold} % or more)",
        ),
        source=f"{PLAN} §3.2",  # 费用超出预估30%以上, the number included
    )


def _from_sums(complaint: ComplaintFacts, settings: Settings, found: _Findings) -> None:
    estimate, bill = complaint.estimate_fen, complaint.bill_fen
    threshold = settings.over_estimate_percent
    if estimate is not None and bill is not None and reaches(estimate, bill, threshold):
        found.add(_over_estimate(percent_over(estimate, bill), threshold))


def _from_category(complaint: ComplaintFacts, found: _Findings) -> None:
    category = _DEFAULTS.get(complaint.category or "")
    if category is not None and category.default_severity is not None and category.default_severity != "L1":
        text = both("投诉类别为可能有争议的事项", "The category is one that may lead to a dispute")
        found.add(Reason(code="category", severity=category.default_severity, text=text, source=f"{PLAN} §3.2"))


def _from_words(reading: Reading, settings: Settings) -> Iterator[tuple[Reason, int, int]]:
    """Yield a reason and the positions of its words for every signal that holds."""
    for signal in SIGNALS:
        if signal.within is not None and not signal.within.search(reading.plain):
            continue
        for pattern in signal.patterns:
            for match in islice(pattern.finditer(reading.plain), MOST_MATCHES):
                reason = _reason(signal, reading, match, settings)
                if reason is not None:
                    yield reason, match.start(), match.end()
    for overrun in islice(overruns(reading.plain), MOST_MATCHES):
        if overrun.percent >= settings.over_estimate_percent:
            yield _over_estimate(overrun.percent, settings.over_estimate_percent), overrun.start, overrun.end


def _reason(signal: Signal, reading: Reading, match: re.Match[str], settings: Settings) -> Reason | None:
    start, end = match.span("act")
    if signal.unless is not None and signal.unless.search(reading.sentence(start)):
        return None
    if signal.kind == "act":
        return _act(signal, reading.mood_of_act(start, end), settings)
    if signal.kind == "certain" or reading.mood_of_fact(start) == "said":
        code = signal.code
        if code == "animal_death" and SURGERY.search(reading.plain):
            code = "animal_death_in_surgery"
        words = TICKED.get(code, signal.reason)
        return Reason(code=code, severity=signal.severity, text=words, source=signal.source)
    if signal.code == "animal_death" and reading.is_near_miss(start):
        near = both("宠物险些死亡", "The pet nearly died")
        return Reason(code="life_in_danger", severity="L3", text=near, source=f"{PLAN} §3.2, own reading")
    return None


def _act(signal: Signal, mood: Mood, settings: Settings) -> Reason | None:
    if mood == "denied":
        return None
    if mood == "announced":
        zh, en = (localized(signal.reason, locale) for locale in ("zh-CN", "en"))
        return Reason(
            code=f"{signal.code}_announced",
            severity=settings.announced_external,
            text=both(f"客户表示将会：{zh}", f"The customer announces: {en}"),
            source=f"{PLAN} §3.3 外部风险, own reading",
        )
    return Reason(code=signal.code, severity=signal.severity, text=signal.reason, source=signal.source)


def _guess(reading: Reading) -> str | None:
    return next((category for category, pattern in _GUESSES if pattern.search(reading.plain)), None)
