"""A rule as one sentence in the reader's language, so that whoever edits it reads what it will do."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from core.hooks.records.conditions import Tree
from core.hooks.records.loyalty.parts import FreeService, NamedClinician, PercentDiscount, TierBenefit, ratio
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, Lifetime, Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import AnyRule, Program
from core.hooks.records.text import Text, both
from core.programs.rules.offers_told import OFFERS, quota_words
from core.programs.rules.wording import PERIODS, Names, Teller

EVENTS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "registered": both("注册成为会员", "becoming a member"),
        "birthday": both("生日", "a birthday"),
        "review": both("发表评价", "a review"),
        "referral": both("推荐新客户", "bringing a new customer"),
        "profile_complete": both("完善资料", "completing the profile"),
        "check_in": both("签到", "checking in"),
        "first_purchase": both("首次消费", "the first purchase"),
    }
)
_REACHED: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "lifetime_spend": both("累计消费满", "spent in all:"),
        "period_spend": both("消费满", "spent:"),
        "points_earned": both("累计获得", "earned in all:"),
        "points_balance": both("持有", "holds"),
        "visits": both("累计到店", "visits:"),
    }
)


def sentence(
    rule: AnyRule,
    locale: str,
    *,
    program: Program | None = None,
    names: Names | None = None,
    tell: Callable[[Tree], str] | None = None,
) -> str:
    """Say what a rule does, in Chinese for a Chinese locale, else in English.

    `program` lends the names of tiers and coupons, `names` those of services and the like, `tell` the words of conditions.
    """
    teller = Teller(locale, program, names, tell)
    body = _KINDS[type(rule)](rule, teller)
    return teller.clauses([body, *_frame(rule, teller)])


def _frame(rule: AnyRule, t: Teller) -> Iterator[str]:
    """What every kind shares: for whom, from when to when, and whether it is switched off."""
    if rule.when is not None:
        yield t.say(f"仅限：{t.condition(rule.when)}", f"only where {t.condition(rule.when)}")
    if rule.starts_on and rule.ends_on:
        yield t.say(
            f"{t.day(rule.starts_on)}至{t.day(rule.ends_on)}", f"from {t.day(rule.starts_on)} to {t.day(rule.ends_on)}"
        )
    elif rule.starts_on:
        yield t.say(f"{t.day(rule.starts_on)}起", f"from {t.day(rule.starts_on)} on")
    elif rule.ends_on:
        yield t.say(f"到{t.day(rule.ends_on)}为止", f"until {t.day(rule.ends_on)}")
    if not rule.live:
        yield t.say("未启用", "switched off")


def _ladder(rule: TierLadder, t: Teller) -> str:
    steps = [_step(rule, tier, t, first=at == 1) for at, tier in enumerate(rule.tiers)]
    said = t.say("；", "; ").join(steps)
    notes = []
    if rule.basis == "period_spend":
        span = t.say(f"近 {rule.period_months} 个月", f"the last {t.months(rule.period_months)}")
        year = t.say("本年度", "the calendar year")
        notes.append(t.say(f"按{year if rule.period == 'calendar_year' else span}的消费计算",
                           f"counting {year if rule.period == 'calendar_year' else span}"))  # fmt: skip
    if rule.upgrade == "next_period":
        notes.append(t.say("下个周期起升级", "rising at the start of the next period"))
    notes.append(_downgrade(rule, t))
    return said + t.say("。", ". ") + _capital(t.clauses(notes))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _downgrade(rule: TierLadder, t: Teller) -> str:
    if rule.downgrade == "never":
        return t.say("升级后不降级", "nobody falls to a lower tier")
    if rule.downgrade == "now":
        return t.say("低于门槛立即降级", "whoever is below the threshold falls at once")
    grace = (
        t.say(f"，宽限 {t.days(rule.grace_days)}", f" after {t.days(rule.grace_days)} of grace")
        if rule.grace_days
        else ""
    )
    return t.say(
        f"每 {t.months(rule.review_months)}复核一次，未达标则降级{grace}",
        f"reviewed every {t.months(rule.review_months)}, whoever is below the threshold falls{grace}",
    )


def _step(rule: TierLadder, tier: Tier, t: Teller, *, first: bool) -> str:
    name = t.name(tier.label or tier.code)
    threshold = rule.threshold(tier)
    gets = [_benefit(one, t) for one in tier.benefits]
    if ratio(tier.earn_multiplier) != 1:
        gets.append(t.say(f"积分 {t.times(tier.earn_multiplier)}", f"{t.times(tier.earn_multiplier)} the points"))
    if tier.when is not None:
        gets.insert(0, t.say(f"还须{t.condition(tier.when)}", f"if also {t.condition(tier.when)}"))
    if not threshold:
        gained = t.clauses(gets)
        return t.say(f"人人都是{name}", f"everybody is {name}") + (f"{t.say('，', ', ')}{gained}" if gained else "")
    reached = _threshold(rule, threshold, t, first=first)
    # 银卡会员 is 银卡 to people who say that somebody rises to it.
    short = name.removesuffix("会员") or name
    return t.clauses([t.say(f"{reached}升{short}", f"{reached} makes {name}"), *gets])


def _threshold(rule: TierLadder, threshold: int, t: Teller, *, first: bool) -> str:
    if rule.basis in ("lifetime_spend", "period_spend"):
        amount = t.yuan(threshold)
        said = t.name(_REACHED[rule.basis]) if first else "满"
        return t.say(f"{said} {amount}", f"{amount} spent" + (" in all" if rule.basis == "lifetime_spend" else ""))
    if rule.basis == "visits":
        return t.say(f"累计到店 {threshold} 次", f"coming {t.counted(threshold)}")
    held = rule.basis == "points_balance"
    return t.say(
        f"{t.name(_REACHED[rule.basis])} {t.points(threshold)}",
        f"{'holding' if held else 'earning'} {t.points(threshold)}",
    )


def _benefit(benefit: TierBenefit, t: Teller) -> str:
    if isinstance(benefit, PercentDiscount):
        return _discount(benefit, t)
    if isinstance(benefit, FreeService):
        return quota_words(
            t,
            name=t.name(benefit.label) or t.service(benefit.service),
            pay_percent=benefit.pay_percent,
            quota=benefit.quota,
            period=benefit.period,
            holder=benefit.holder,
        )
    if isinstance(benefit, NamedClinician):
        return t.name(benefit.label) or t.say("专属医生", "a named clinician")
    return t.name(benefit.label or benefit.code)


def _discount(benefit: PercentDiscount, t: Teller) -> str:
    pays = t.pays(benefit.pay_percent)
    if benefit.categories:
        named = t.categories(benefit.categories)
        return t.say(f"{named}享 {pays}", f"{pays} {named}")
    if benefit.exclude_categories:
        named = t.categories(benefit.exclude_categories)
        return t.say(f"除{named}外享 {pays}", f"{pays} all but {named}")
    return t.say(f"享 {pays}", f"with {pays}")


def _earn_rate(rule: EarnRate, t: Teller) -> str:
    who = t.say(f"{t.tiers(rule.tiers)}", f"{t.tiers(rule.tiers)}: ") if rule.tiers else ""
    what = t.listed([*(t.service(code) for code in rule.services), t.categories(rule.categories)])
    if rule.per_fen:
        per = t.yuan(rule.per_fen)
        on = f" on {what}" if what else ""
        spent = t.say(
            f"{what}每消费 {per}得 {t.points(rule.points)}", f"{t.points(rule.points)} for every {per} spent{on}"
        )
    else:
        pieces = t.say(f"{rule.per_quantity} 件{what}", what or ("piece" if rule.per_quantity == 1 else "pieces"))
        every = "every" if rule.per_quantity == 1 else f"every {rule.per_quantity:,}"
        spent = t.say(
            f"每购买 {pieces}得 {t.points(rule.points)}", f"{t.points(rule.points)} for {every} {pieces} bought"
        )
    parts = [who + spent]
    out = t.listed([*(t.service(code) for code in rule.exclude_services), t.categories(rule.exclude_categories)])
    if out:
        parts.append(t.say(f"{out}除外", f"but not on {out}"))
    if ratio(rule.multiplier) != 1:
        parts.append(t.say(f"按 {t.times(rule.multiplier)}计", f"{t.times(rule.multiplier)} over"))
    if rule.min_fen:
        parts.append(t.say(f"单笔满 {t.yuan(rule.min_fen)}起", f"from bills of {t.yuan(rule.min_fen)}"))
    most = (
        (rule.max_points_per_purchase, both("单笔", "per bill")),
        (rule.max_points_per_day, both("每天", "a day")),
        (rule.max_points_per_month, both("每月", "a month")),
    )
    parts += [
        t.say(f"{t.name(span)}最多 {t.points(count)}", f"at most {t.points(count)} {t.name(span)}")
        for count, span in most
        if count
    ]
    parts.append(_lifetime(rule.lifetime, t))
    return t.clauses(parts)


def _lifetime(lifetime: Lifetime, t: Teller) -> str:
    parts = []
    if lifetime.pending_days:
        parts.append(t.say(f"{t.days(lifetime.pending_days)}后生效", f"counting after {t.days(lifetime.pending_days)}"))
    span = t.months(lifetime.months) if lifetime.months is not None else ""
    span = t.days(lifetime.days) if lifetime.days is not None else span
    ends = {
        "day": "",
        "month_end": t.say("（到当月月底）", " (to the end of that month)"),
        "quarter_end": t.say("（到当季季末）", " (to the end of that quarter)"),
        "year_end": t.say("（到当年年底）", " (to the end of that year)"),
    }[lifetime.until]
    if span:
        parts.append(t.say(f"有效期 {span}{ends}", f"valid for {span}{ends}"))
    elif ends:
        parts.append(t.say(f"有效期{ends.strip('（）')}", f"valid{ends.replace('(', '').replace(')', '')}"))
    return t.clauses(parts)


def _earn_event(rule: EarnEvent, t: Teller) -> str:
    what = t.name(EVENTS.get(rule.event, rule.event))
    who = t.tiers(rule.tiers)
    said = t.say(
        f"{who}{what}得 {t.points(rule.points)}", f"{f'{who}: ' if who else ''}{t.points(rule.points)} for {what}"
    )
    limit = ""
    if rule.limit is not None:
        span = t.name(PERIODS[rule.period])
        limit = t.say(f"{span}最多 {rule.limit} 次", f"at most {t.counted(rule.limit)} {span}")
    return t.clauses([said, limit, _lifetime(rule.lifetime, t)])


def _redeem(rule: Redeem, t: Teller) -> str:
    unit = rule.step
    while (unit * rule.fen_per_point) % 100 and unit < 10_000:
        unit += rule.step
    worth = t.yuan(unit * rule.fen_per_point)
    parts = [t.say(f"{t.points(unit)}抵 {worth}", f"{t.points(unit)} pay {worth}")]
    if rule.step > 1:
        parts.append(t.say(f"每次以 {t.points(rule.step)}为单位", f"in steps of {t.points(rule.step)}"))
    if rule.min_points:
        parts.append(t.say(f"至少 {t.points(rule.min_points)}", f"{t.points(rule.min_points)} at least"))
    if rule.max_points:
        parts.append(t.say(f"一次最多 {t.points(rule.max_points)}", f"{t.points(rule.max_points)} at most"))
    if rule.max_percent < 100:
        parts.append(t.say(f"最多抵账单的 {rule.max_percent}%", f"at most {rule.max_percent} % of the bill"))
    if rule.min_bill_fen:
        parts.append(t.say(f"账单满 {t.yuan(rule.min_bill_fen)}可用", f"for bills from {t.yuan(rule.min_bill_fen)}"))
    if rule.tiers:
        parts.append(t.say(f"仅限{t.tiers(rule.tiers)}", f"for {t.tiers(rule.tiers)} only"))
    if rule.categories:
        parts.append(t.say(f"仅限{t.categories(rule.categories)}", f"for {t.categories(rule.categories)} only"))
    return t.clauses(parts)


_KINDS: Mapping[type[Any], Callable[[Any, Teller], str]] = MappingProxyType(
    {TierLadder: _ladder, EarnRate: _earn_rate, EarnEvent: _earn_event, Redeem: _redeem, **OFFERS}
)
