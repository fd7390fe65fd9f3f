"""Judges how grave a complaint is, from what was ticked, the sums, the channel, and the words; says why."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from plugins.api import (
    Assessment,
    ComplaintFacts,
    DecideContext,
    Hit,
    Matcher,
    Overrun,
    Quote,
    Reading,
    Reason,
    Suggestion,
    both,
    find_overruns,
    hookimpl,
    localized,
    percent_over,
    reaches,
    severity_rank,
)
from plugins.petclinic.complaints import CATEGORIES
from plugins.petclinic.grave import HARM, PLAN, SAVED, SURGERY
from plugins.petclinic.leaning import (
    GRAVE_BESIDE_HARM,
    GRAVE_UNREAD,
    NEEDS_LOOK,
    READS_GRAVE,
    SERIOUS_UNREAD,
    Leaning,
    categories,
    stands_out,
    unsaid,
)
from plugins.petclinic.public import PUBLIC
from plugins.petclinic.serious import SERIOUS
from plugins.petclinic.settings import Settings
from plugins.petclinic.topics import CUSTODY, NOT_CUSTODY, REASON_TOPICS, REASON_WEIGHTS, TOPICS, USUAL_WEIGHT

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

_MATCHER = Matcher((*HARM, *PUBLIC, *SERIOUS), TOPICS)
# Words that hold an animal's name without meaning an animal; blanked, so that they are nobody's subject.
_NO_ANIMAL = re.compile(
    r"(?:宠物|动物|猫|狗|犬)(?:医院|诊所|店|医生|用品|美容师)|[猫狗](?:粮|砂|包|绳|窝|牌|条|罐头|笼|厕所|抓板|链|证)|宠物(?:包|证|箱)|热狗"
)
MOST_SUMS = 40
MOST_QUOTES = 3


class _Findings:
    """Collects reasons once each, and every quote."""

    def __init__(self) -> None:
        self.reasons: dict[str, Reason] = {}
        self.quotes: list[Quote] = []

    def add(self, reason: Reason, quote: Quote | None = None) -> None:
        self.reasons.setdefault(reason.code, reason)
        if quote is not None:
            self.add_quote(quote)

    @property
    def gravest(self) -> int:
        """The rank of the gravest level found so far."""
        ranks = (severity_rank(reason.severity) for reason in self.reasons.values())
        return max(ranks, default=severity_rank("L1"))

    def add_quote(self, quote: Quote) -> None:
        known = [other for other in self.quotes if other.reason == quote.reason]
        overlaps = any(other.start < quote.end and quote.start < other.end for other in known)
        if len(known) < MOST_QUOTES and quote.text and not overlaps:
            self.quotes.append(quote)


@hookimpl
async def assess_complaint(ctx: DecideContext[Settings], complaint: ComplaintFacts) -> Assessment:
    """Return the highest level that anything in the complaint calls for; level 1 when nothing does."""
    found = _Findings()
    _from_answers(complaint, found)
    _from_sums(complaint, ctx.settings, found)
    _from_category(complaint, found)
    reading = Reading(complaint.text, _NO_ANIMAL)
    hits = list(_MATCHER.find_hits(reading))
    overruns = find_overruns(reading.plain)[:MOST_SUMS]
    leaning = Leaning(reading, unsaid(reading, hits, overruns))
    _add(found, complaint, _from_words(reading, hits, overruns, ctx.settings))
    suggestion = None if complaint.category else _suggest(reading, leaning, found)
    desired = Reading(complaint.desired, _NO_ANIMAL)
    for reason, start, end in _from_words(
        desired, _MATCHER.find_hits(desired), find_overruns(desired.plain)[:MOST_SUMS], ctx.settings
    ):
        words = complaint.desired[start:end]
        found.add(reason, Quote(reason=reason.code, text=words, start=start, end=end, source="desired"))
    _add(found, complaint, _from_examples(leaning, found.gravest))
    if not found.reasons:
        found.add(
            Reason(
                code="no_harm_found",
                severity="L1",
                text=both("未发现实质损害后果", "No sign of real harm"),
                source=f"{PLAN} §3.1",
            )
        )
    if suggestion is not None:
        for start, end in suggestion.spans:
            words = complaint.text[start:end]
            found.add_quote(Quote(reason="category", text=words, start=start, end=end))
    reasons = tuple(sorted(found.reasons.values(), key=lambda reason: -severity_rank(reason.severity)))
    return Assessment(
        severity=reasons[0].severity,
        category=suggestion.category if suggestion is not None else None,
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


def _add(found: _Findings, complaint: ComplaintFacts, reasons: Iterable[tuple[Reason, int, int]]) -> None:
    for reason, start, end in reasons:
        found.add(reason, Quote(reason=reason.code, text=complaint.text[start:end], start=start, end=end))


def _from_words(
    reading: Reading, hits: Iterable[Hit], overruns: Iterable[Overrun], settings: Settings
) -> Iterator[tuple[Reason, int, int]]:
    """Yield a reason and the positions of its words for every signal that holds."""
    for hit in hits:
        reason = _reason(hit, reading, settings)
        if reason is not None:
            yield reason, hit.start, hit.end
    for overrun in overruns:
        if overrun.percent >= settings.over_estimate_percent:
            yield _over_estimate(overrun.percent, settings.over_estimate_percent), overrun.start, overrun.end


def _reason(hit: Hit, reading: Reading, settings: Settings) -> Reason | None:
    signal = hit.signal
    if signal.kind == "act":
        return _act(hit, settings)
    if hit.mood == "said":
        code = signal.code
        if code == "animal_death" and SURGERY.search(reading.plain):
            code = "animal_death_in_surgery"
        return Reason(code=code, severity=signal.severity, text=TICKED.get(code, signal.reason), source=signal.source)
    if (
        signal.code == "animal_death"
        and hit.mood == "feared"
        and reading.is_near_miss(hit.act)
        and not SAVED.search(reading.sentence(hit.act))
    ):
        near = both("宠物险些死亡", "The pet nearly died")
        return Reason(code="life_in_danger", severity="L3", text=near, source=f"{PLAN} §3.2, own reading")
    return None


def _act(hit: Hit, settings: Settings) -> Reason | None:
    signal = hit.signal
    if hit.mood in {"denied", "hearsay", "not_meant"}:
        return None
    if hit.mood == "announced":
        zh, en = (localized(signal.reason, locale) for locale in ("zh-CN", "en"))
        return Reason(
            code=f"{signal.code}_announced",
            severity=settings.announced_external,
            text=both(f"客户表示将会：{zh}", f"The customer announces: {en}"),
            source=f"{PLAN} §3.3 外部风险, own reading",
        )
    return Reason(code=signal.code, severity=signal.severity, text=signal.reason, source=signal.source)


def _from_examples(leaning: Leaning, gravest: int) -> Iterator[tuple[Reason, int, int]]:
    """Yield what examples say where the rules are silent or in doubt; they raise a level and never lower one."""
    if gravest >= severity_rank("L3"):
        return
    harmed = gravest > severity_rank("L1")
    if leaning.grave > (GRAVE_BESIDE_HARM if harmed else GRAVE_UNREAD):
        yield from ((READS_GRAVE, start, end) for start, end in leaning.telling("L3"))
    elif not harmed and leaning.harmful > SERIOUS_UNREAD:
        yield from ((NEEDS_LOOK, start, end) for start, end in leaning.telling("L2"))


def _suggest(reading: Reading, leaning: Leaning, found: _Findings) -> Suggestion | None:
    """Suggest what it is about: what examples lean to, what the reasons say, and single words, added up."""
    custody = CUSTODY.search(reading.plain) is not None and not NOT_CUSTODY.search(reading.plain)
    told: dict[str, int] = {}
    for code in found.reasons:
        category = REASON_TOPICS.get(code)
        if category == "harm":
            category = "service_custody" if custody else "medical_outcome"
        if category is not None:
            told[category] = max(told.get(category, 0), REASON_WEIGHTS.get(code, USUAL_WEIGHT))
    leans = categories(leaning)
    given = {category: told.get(category, 0) + leans.get(category, 0) for category in {*told, *leans}}
    suggestion = _MATCHER.suggest(reading, given)
    if suggestion is None or (not suggestion.spans and not told and not stands_out(leans)):
        return None
    return suggestion if suggestion.spans else replace(suggestion, spans=tuple(leaning.telling(suggestion.category)))
