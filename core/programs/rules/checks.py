"""What is wrong with a program before it is saved or published: errors stand in the way, warnings are shown."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from core.conditions.rules.catalogue import tree_problems
from core.hooks.records.loyalty.care import Churn, Winback
from core.hooks.records.loyalty.offers import (
    Birthday,
    Campaign,
    CouponTemplate,
    FestivalWindow,
    Goodwill,
    Referral,
    ReviewReward,
    WeekdayWindow,
)
from core.hooks.records.loyalty.parts import CouponReward, PercentDiscount, PointsReward, Reward, ServiceReward, ratio
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import AnyRule, Program, kind_of
from core.hooks.records.text import Text
from core.programs.rules.bounds import outside
from core.programs.rules.facts import Facts, Problem
from core.programs.rules.parts_of import categories_of, rewards_of, roles_of, services_of, tiers_of, trees_of
from core.programs.rules.windows import FESTIVALS, next_opening

EVENTS: Final = frozenset(
    {"registered", "birthday", "review", "referral", "profile_complete", "check_in", "purchase", "first_purchase"}
)
# Own design: from a fifth of the price on, a rate is more often a slip of the finger than meant.
GENEROUS: Final = Fraction(1, 5)
Found = Iterator[Problem]


def check(program: Program, facts: Facts) -> tuple[Problem, ...]:
    """Everything that is wrong with a program, rule by rule in their order, errors of a rule first.

    Rules that are not live are checked for what would make them unreadable, not for what they would do.
    """
    found: list[Problem] = []
    for rule in program.rules:
        mine = list(check_rule(rule, program, facts))
        found += sorted(mine, key=lambda one: one.severity != "error")
    return (*found, *_groups(program), *_whole(program))


def check_rule(rule: AnyRule, program: Program, facts: Facts) -> Found:
    """What is wrong with one rule of a program."""
    yield from _numbers(rule)
    yield from _conditions(rule, facts)
    if not rule.live:
        return
    yield from _dates(rule, facts)
    yield from _names(rule, program, facts)
    yield from _rewards(rule, program)
    yield from _OF_KIND.get(type(rule), _nothing)(rule, program, facts)


def _problem(rule: AnyRule, code: str, path: str = "", *, warning: bool = False, **params: Text | int) -> Problem:
    return Problem(rule_id=rule.id, code=code, severity="warning" if warning else "error", path=path, params=params)


def _nothing(_rule: AnyRule, _program: Program, _facts: Facts) -> Found:
    return iter(())


def label_of(rule: AnyRule) -> Text:
    """The rule's own name, or its id."""
    return rule.label or rule.id


def _numbers(rule: AnyRule) -> Found:
    for path, number, low, high in outside(rule):
        code = "percent-limits" if path.rpartition(".")[2].endswith("percent") else "number-limits"
        yield _problem(rule, code, path, value=number, min=low, max=high)


def _conditions(rule: AnyRule, facts: Facts) -> Found:
    if facts.catalogue is None:
        return
    for path, tree in trees_of(rule):
        for one in tree_problems(tree, facts.catalogue):
            below = f"{path}.{one.path}" if one.path else path
            params: dict[str, Text | int] = {name: str(value) for name, value in one.params.items()}
            yield Problem(rule_id=rule.id, code=one.code, path=below, params=params)


def _dates(rule: AnyRule, facts: Facts) -> Found:
    if rule.starts_on and rule.ends_on and rule.starts_on > rule.ends_on:
        yield _problem(rule, "ends-before-it-starts", "ends_on")
    elif rule.ends_on and rule.ends_on < facts.today:
        yield _problem(rule, "rule-over", "ends_on", warning=True, day=rule.ends_on.isoformat())


def _names(rule: AnyRule, program: Program, facts: Facts) -> Found:
    prices = {one.code: one.price_fen for one in facts.services} if facts.services is not None else None
    for path, code in services_of(rule):
        if not code:
            yield _problem(rule, "service-missing", path)
        elif prices is not None and code not in prices:
            yield _problem(rule, "service-unknown", path, service=code)
        elif prices is not None and not prices[code]:
            yield _problem(rule, "service-unpriced", path, service=code)
    ladder = program.ladder
    tiers = {tier.code for tier in ladder.tiers} if ladder else set()
    known: tuple[tuple[str, Iterator[tuple[str, str]], set[str] | None], ...] = (
        ("category", categories_of(rule), _codes(facts.categories)),
        ("tier", tiers_of(rule), tiers),
        ("role", roles_of(rule), _codes(facts.roles)),
    )
    for what, named, codes in known:
        for path, code in named:
            if codes is not None and code not in codes:
                yield Problem(rule_id=rule.id, code=f"{what}-unknown", path=path, params={what: code})
    kinds = _codes(facts.subject_types)
    if isinstance(rule, Birthday) and rule.subject_type and kinds is not None and rule.subject_type not in kinds:
        yield _problem(rule, "subject-type-unknown", "subject_type", type=rule.subject_type)


def _codes(options: tuple[tuple[str, Text], ...] | None) -> set[str] | None:
    return None if options is None else {code for code, _ in options}


def _rewards(rule: AnyRule, program: Program) -> Found:
    for path, reward in rewards_of(rule):
        if isinstance(reward, CouponReward):
            template = program.find(reward.template)
            if not isinstance(template, CouponTemplate):
                yield _problem(rule, "template-unknown", f"{path}.template", template=reward.template)
            elif not template.live:
                yield _problem(rule, "template-off", f"{path}.template", template=label_of(template))
        if isinstance(reward, PointsReward) and not program.live(Redeem):
            yield _problem(rule, "points-buy-nothing", path, warning=True)
    if isinstance(rule, Birthday | ReviewReward | Winback) and not rule.choose_one_of:
        yield _problem(rule, "gives-nothing", "choose_one_of")


def _ladder(rule: TierLadder, _program: Program, _facts: Facts) -> Found:
    least = 100
    for at, tier in enumerate(rule.tiers):
        pays = pays_of(tier)
        if pays > least:
            yield _problem(rule, "tier-gives-less", f"tiers[{at}].benefits", warning=True, tier=tier.label or tier.code)
        least = min(least, pays)
    for at, tier in enumerate(rule.tiers[:1]):
        if tier.when is not None:
            yield _problem(rule, "first-tier-conditional", f"tiers[{at}].when", warning=True)
    if rule.downgrade == "review" and rule.basis == "lifetime_spend" and not rule.refunds_lower_spend:
        yield _problem(rule, "never-reviewed-down", "downgrade", warning=True)


def pays_of(tier: Tier) -> int:
    """What a member of this tier pays of everything, in percent."""
    whole = [one.pay_percent for one in tier.benefits if isinstance(one, PercentDiscount) and not one.categories]
    return min(whole, default=100)


def _earn_rate(rule: EarnRate, program: Program, _facts: Facts) -> Found:
    for name in ("max_points_per_purchase", "max_points_per_day", "max_points_per_month"):
        most = getattr(rule, name)
        if most is not None and 0 < most < rule.points:
            yield _problem(rule, "never-reached", name, warning=True, points=rule.points)
    worth = max((one.fen_per_point for one in program.live(Redeem)), default=0)
    share = _rate(rule) * worth if rule.per_fen else Fraction(0)
    if share >= 1:
        yield _problem(rule, "gives-back-more-than-paid", "points", percent=int(share * 100))
    elif share >= GENEROUS:
        yield _problem(rule, "gives-back-much", "points", warning=True, percent=int(share * 100))
    if not worth:
        yield _problem(rule, "points-buy-nothing", warning=True)
    stronger = next((one for one in program.live(EarnRate) if _outdoes(one, rule)), None)
    if stronger is not None:
        yield _problem(rule, "unreachable", "group", warning=True, other=label_of(stronger))


def _outdoes(one: EarnRate, other: EarnRate) -> bool:
    """Of a group only the best counts: this one is always at least as good and open to everybody the other is."""
    if one.id == other.id or not one.group or one.group != other.group or one.when is not None:
        return False
    if (one.per_fen > 0) != (other.per_fen > 0) or one.min_fen > other.min_fen:
        return False
    narrow = (one.categories, one.exclude_categories, one.services, one.exclude_services, one.starts_on, one.ends_on)
    caps = (one.max_points_per_purchase, one.max_points_per_day, one.max_points_per_month)
    tiers = not one.tiers or (bool(other.tiers) and set(other.tiers) <= set(one.tiers))
    unit, units = one.per_fen or one.per_quantity, other.per_fen or other.per_quantity
    return not any(narrow) and not any(caps) and tiers and _rate(one) > _rate(other) and units % unit == 0


def _rate(rule: EarnRate) -> Fraction:
    """Points per fen, or per piece."""
    return Fraction(rule.points, rule.per_fen or rule.per_quantity) * ratio(rule.multiplier)


def _earn_event(rule: EarnEvent, _program: Program, _facts: Facts) -> Found:
    if not rule.event:
        yield _problem(rule, "event-missing", "event")
    elif rule.event not in EVENTS and "." not in rule.event:
        yield _problem(rule, "event-unknown", "event", warning=True, event=rule.event)


def _redeem(rule: Redeem, program: Program, _facts: Facts) -> Found:
    if rule.max_points is not None and rule.max_points < max(rule.min_points, rule.step):
        yield _problem(rule, "unreachable-most", "max_points", min=max(rule.min_points, rule.step))
    before = next((one for one in program.live(Redeem) if one.id == rule.id or _takes_all(one)), rule)
    if before.id != rule.id:
        yield _problem(rule, "unreachable", warning=True, other=label_of(before))


def _takes_all(rule: Redeem) -> bool:
    """Nobody and nothing gets past this rule to one below it."""
    open_always = rule.when is None and rule.starts_on is None and rule.ends_on is None
    return open_always and not rule.tiers and not rule.categories and not rule.min_bill_fen


def _coupon(rule: CouponTemplate, _program: Program, _facts: Facts) -> Found:
    if rule.amount_fen is not None and 0 < rule.min_spend_fen < rule.amount_fen:
        yield _problem(rule, "coupon-above-least-bill", "min_spend_fen", warning=True)
    if rule.total_limit is not None and (rule.per_customer_limit or 0) > rule.total_limit:
        yield _problem(rule, "limit-above-total", "per_customer_limit", warning=True)
    if rule.valid_days is not None and rule.valid_months is not None:
        yield _problem(rule, "two-validities", "valid_days")
    if rule.valid_days is None and rule.valid_months is None and rule.ends_on is None:
        yield _problem(rule, "never-expires", "valid_days", warning=True)


def _referral(rule: Referral, _program: Program, _facts: Facts) -> Found:
    if not rule.referrer and not rule.referee:
        yield _problem(rule, "gives-nothing", "referrer")
    if not rule.checks:
        yield _problem(rule, "no-checks", "checks", warning=True)
    if rule.event == "registered" and rule.referrer:
        yield _problem(rule, "pays-for-registering", "event", warning=True)


def _review(rule: ReviewReward, _program: Program, _facts: Facts) -> Found:
    if rule.positive_only:
        # 反不正当竞争法 §8: 经营者不得对其商品的用户评价作虚假或者引人误解的商业宣传 (好评返现).
        yield _problem(rule, "positive-only-is-fined", "positive_only", warning=True)
    if not rule.platforms:
        yield _problem(rule, "no-platform", "platforms")
    if not rule.needs_picture:
        yield _problem(rule, "no-proof", "needs_picture", warning=True)


def _campaign(rule: Campaign, program: Program, facts: Facts) -> Found:
    for index, window in enumerate(rule.windows):
        if isinstance(window, WeekdayWindow) and not (window.days and set(window.days) <= set(range(1, 8))):
            yield _problem(rule, "bad-weekday", f"windows[{index}].days")
            return
        if isinstance(window, FestivalWindow) and window.festival not in FESTIVALS:
            yield _problem(rule, "unknown-festival", f"windows[{index}].festival", festival=window.festival)
            return
    if next_opening(rule, facts.today) is None:
        yield _problem(rule, "no-window-left", "windows", warning=True)
    gives = rule.rewards or rule.pay_percent is not None or ratio(rule.earn_multiplier) > 1
    if not gives and not rule.message:
        yield _problem(rule, "gives-nothing", "rewards")
    if ratio(rule.earn_multiplier) != 1 and not program.live(EarnRate):
        yield _problem(rule, "multiplies-nothing", "earn_multiplier", warning=True)
    fen = max((worth_fen(one, program, facts) for one in rule.rewards), default=0)
    if rule.budget_fen is not None and rule.budget_fen < fen:
        yield _problem(rule, "budget-below-reward", "budget_fen", fen=fen)
    points = max((one.points for one in rule.rewards if isinstance(one, PointsReward)), default=0)
    if rule.budget_points is not None and rule.budget_points < points:
        yield _problem(rule, "budget-below-reward", "budget_points", points=points)
    if gives and rule.budget_fen is None and rule.budget_points is None:
        yield _problem(rule, "no-budget", "budget_fen", warning=True)


def worth_fen(reward: Reward, program: Program, facts: Facts) -> int:
    """What one reward may take off a bill at most, as far as prices are known; points count at what they buy."""
    prices = {one.code: one.price_fen for one in facts.services or ()}
    if isinstance(reward, PointsReward):
        return reward.points * max((one.fen_per_point for one in program.live(Redeem)), default=0)
    if isinstance(reward, ServiceReward):
        return prices.get(reward.service, 0) * (100 - reward.pay_percent) * reward.uses // 100
    if isinstance(reward, CouponReward):
        template = program.find(reward.template)
        if isinstance(template, CouponTemplate):
            share = prices.get(template.service, 0) * (100 - (template.pay_percent or 0)) // 100
            return (template.amount_fen or template.max_discount_fen or share) * template.uses
    return 0


def _churn(rule: Churn, _program: Program, _facts: Facts) -> Found:
    if not rule.signals:
        yield _problem(rule, "no-signals", "signals")
    if not rule.roles:
        yield _problem(rule, "no-roles", "roles")


def _winback(rule: Winback, program: Program, _facts: Facts) -> Found:
    if not program.live(Churn):
        yield _problem(rule, "winback-without-churn", warning=True)
    if not rule.hold_out_percent:
        yield _problem(rule, "no-hold-out", "hold_out_percent", warning=True)


def _goodwill(rule: Goodwill, _program: Program, _facts: Facts) -> Found:
    if not rule.limits:
        yield _problem(rule, "no-limits", "limits", warning=True)
    most = rule.max_fen_per_complaint
    for index, limit in enumerate(rule.limits):
        if most is not None and limit.max_fen > most:
            yield _problem(rule, "limit-above-total", f"limits[{index}].max_fen", warning=True)


def _groups(program: Program) -> Found:
    """Two live rules of one group, both named; rates of a group may stand together, the best of them counts."""
    first: dict[str, AnyRule] = {}
    for rule in program.rules:
        if not rule.live or not rule.group:
            continue
        other = first.setdefault(rule.group, rule)
        if other is not rule and not (isinstance(rule, EarnRate) and isinstance(other, EarnRate)):
            yield _problem(rule, "two-of-a-group", "group", first=label_of(other), second=label_of(rule))


def _whole(program: Program) -> Found:
    """What the rules of one kind must not be two of."""
    for kind in (Churn, Winback, Goodwill):
        rules = program.live(kind)
        for rule in rules[1:]:
            first, second = label_of(rules[0]), label_of(rule)
            yield _problem(rule, "one-is-enough", warning=True, kind=kind_of(rule), first=first, second=second)


_OF_KIND: Mapping[type[Any], Callable[[Any, Program, Facts], Found]] = MappingProxyType(
    {
        TierLadder: _ladder,
        EarnRate: _earn_rate,
        EarnEvent: _earn_event,
        Redeem: _redeem,
        CouponTemplate: _coupon,
        Referral: _referral,
        ReviewReward: _review,
        Campaign: _campaign,
        Churn: _churn,
        Winback: _winback,
        Goodwill: _goodwill,
    }
)
