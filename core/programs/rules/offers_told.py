"""The sentences of rules that hand something over or look after people: coupons to goodwill, and who is at risk."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from core.hooks.records.loyalty.care import Churn, Winback
from core.hooks.records.loyalty.offers import (
    Birthday,
    Campaign,
    CouponTemplate,
    DayWindow,
    FestivalWindow,
    Goodwill,
    Referral,
    ReviewReward,
    ServiceQuota,
    Window,
)
from core.hooks.records.loyalty.parts import ratio
from core.hooks.records.text import Text, both
from core.programs.rules.windows import FESTIVALS
from core.programs.rules.wording import HOLDERS, Teller

_SIGNALS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "no_spend": both("久未消费", "long without spending"),
        "planned_date": both("过了约定日期", "a planned date has passed"),
        "negative_review": both("负面评价", "a bad review"),
        "over_estimate": both("费用超出预估", "a bill over the estimate"),
        "staff_left": both("专属人员离职", "their clinician left"),
        "not_satisfied": both("投诉处理不满意", "a complaint ended without satisfaction"),
    }
)
_CHECKS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "household": both("同一家庭", "the same household"),
        "phone": both("相同电话", "the same phone"),
        "payer": both("同一付款人", "the same payer"),
        "device": both("同一设备", "the same device"),
        "existing": both("本来就是客户", "already a customer"),
        "monthly": both("当月推荐过多", "too many in a month"),
        "staff": both("员工", "staff"),
    }
)
_WEEKDAYS_ZH: Final = "一二三四五六日"
_WEEKDAYS_EN: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def quota_words(t: Teller, *, name: str, pay_percent: int, quota: int | None, period: str, holder: str) -> str:
    """每只宠物每年 1 次免费体检."""
    who, often = t.name(HOLDERS[holder]), t.per(quota, period)
    pays = t.pays(pay_percent)
    if t.is_zh:
        what = (
            name
            if not pay_percent and name.startswith("免费")
            else f"{name}享 {pays}"
            if pay_percent
            else f"免费{name}"
        )
        return f"{what}（{who}{often}）"
    what = (
        name
        if not pay_percent and name.lower().startswith("free")
        else f"{name}: {pays}"
        if pay_percent
        else f"free {name}"
    )
    return f"{what} ({often} {who})"


def _coupon(rule: CouponTemplate, t: Teller) -> str:
    parts = [_coupon_gives(rule, t)]
    if rule.max_discount_fen:
        parts.append(t.say(f"最多减 {t.yuan(rule.max_discount_fen)}", f"{t.yuan(rule.max_discount_fen)} off at most"))
    if rule.min_spend_fen:
        parts.append(t.say(f"满 {t.yuan(rule.min_spend_fen)}可用", f"for bills from {t.yuan(rule.min_spend_fen)}"))
    named = t.listed([*(t.service(code) for code in rule.services), t.categories(rule.categories)])
    if named:
        parts.append(t.say(f"仅限{named}", f"for {named} only"))
    parts.append(_valid(t, days=rule.valid_days, months=rule.valid_months, since=both("发放后", "of its issue")))
    if rule.uses > 1:
        parts.append(t.say(f"可用 {rule.uses} 次", f"good {t.counted(rule.uses)}"))
    if rule.total_limit:
        parts.append(t.say(f"共 {rule.total_limit} 张", f"{rule.total_limit:,} in all"))
    if rule.per_customer_limit:
        parts.append(t.say(f"每人限 {rule.per_customer_limit} 张", f"{rule.per_customer_limit:,} per customer"))
    parts.append(t.say("可转赠", "may be given away") if rule.transferable else "")
    return t.clauses(parts)


def _coupon_gives(rule: CouponTemplate, t: Teller) -> str:
    if rule.amount_fen is not None:
        return t.say(f"减 {t.yuan(rule.amount_fen)}", f"{t.yuan(rule.amount_fen)} off")
    if rule.service:
        name, pays = t.service(rule.service), t.pays(rule.pay_percent or 0)
        return t.say(f"{name}享 {pays}" if rule.pay_percent else f"免费{name}", f"{name}: {pays}")
    if rule.gift:
        return t.say(f"兑换{rule.gift}", f"good for: {rule.gift}")
    return t.say(f"享 {t.pays(rule.pay_percent or 0)}", t.pays(rule.pay_percent or 0))


def _valid(t: Teller, *, days: int | None, months: int | None, since: Text) -> str:
    span = t.days(days) if days else t.months(months) if months else ""
    return t.say(f"{t.name(since)} {span}内有效", f"valid for {span} {t.name(since)}") if span else ""


def _referral(rule: Referral, t: Teller) -> str:
    event = (
        t.say("首次到店消费", "pays a first visit") if rule.event == "first_purchase" else t.say("注册", "registers")
    )
    least = t.say(f"满 {t.yuan(rule.min_fen)}", f" of {t.yuan(rule.min_fen)} at least") if rule.min_fen else ""
    hold = (
        t.say(f"且 {t.days(rule.hold_days)}内未退款", f" and keeps it for {t.days(rule.hold_days)}")
        if rule.hold_days
        else ""
    )
    gives = []
    if rule.referrer:
        gives.append(t.say(f"老客户得{t.rewards(rule.referrer)}", f"who brought them gets {t.rewards(rule.referrer)}"))
    if rule.referee:
        now = rule.referee_when == "registered" and rule.event != "registered"
        said = t.say(f"新客户得{t.rewards(rule.referee)}", f"the newcomer gets {t.rewards(rule.referee)}")
        gives.append(said + (t.say("（注册时）", " (on registering)") if now else ""))
    checks = t.listed((t.name(_CHECKS[one]) for one in rule.checks), either=True)
    return t.clauses(
        [
            t.say(f"推荐新客户{event}{least}{hold}", f"Once a newcomer {event}{least}{hold}"),
            *gives,
            t.say(
                f"每位老客户每月最多 {rule.monthly_limit} 次", f"{rule.monthly_limit:,} a month at most for each member"
            ),
            t.say(f"遇{checks}由店长审核", f"held for the manager on {checks}") if checks else "",
        ]
    )


def _birthday(rule: Birthday, t: Teller) -> str:
    kind = t.name(t.names.subject_types.get(rule.subject_type, both("宠物（或就诊人）", "each pet or patient")))
    whose = t.say("会员本人", "the member") if rule.subject == "person" else kind
    once = rule.once_per == "household" and rule.subject == "subject"
    return t.clauses(
        [
            t.say(
                f"{whose}生日送{t.rewards(rule.choose_one_of, either=True)}",
                f"On the birthday of {whose}: {t.rewards(rule.choose_one_of, either=True)}",
            ),
            t.say(
                f"生日前 {t.days(rule.lead_days)}到后 {t.days(rule.grace_days)}领取",
                f"to be picked up from {t.days(rule.lead_days)} before to {t.days(rule.grace_days)} after",
            ),
            t.say("每个家庭每年一次", "once a year per household") if once else "",
            t.say(f"仅限{t.tiers(rule.tiers)}", f"for {t.tiers(rule.tiers)} only") if rule.tiers else "",
        ]
    )


def _review(rule: ReviewReward, t: Teller) -> str:
    places = t.listed((t.name(name) for _, name in rule.platforms), either=True)
    which = (
        t.say("好评", "a positive review")
        if rule.positive_only
        else t.say("真实评价（不论好坏）", "a genuine review, good or bad,")
    )
    picture = t.say("附图片的", " with a picture") if rule.needs_picture else ""
    gets = t.rewards(rule.choose_one_of, either=True)
    parts = [
        t.say(
            f"在{places}发表{picture}{which}，经审核得{gets}",
            f"{which}{picture} on {places} earns {gets} after a look at the proof",
        ),
        t.say(
            f"每次就诊一次，每个平台 {t.days(rule.cooldown_days)}内一次",
            f"once per visit, and once per platform in {t.days(rule.cooldown_days)}",
        ),
    ]
    if rule.positive_only:
        parts.append(
            t.say(
                "只奖励好评可能违反《反不正当竞争法》",
                "paying only for praise may break China's law against unfair competition",
            )
        )
    return t.clauses(parts)


def _quota(rule: ServiceQuota, t: Teller) -> str:
    said = quota_words(
        t,
        name=t.service(rule.service),
        pay_percent=rule.pay_percent,
        quota=rule.quota,
        period=rule.period,
        holder=rule.holder,
    )
    return t.clauses(
        [
            t.say(f"{t.tiers(rule.tiers) or '全体会员'}：{said}", f"{t.tiers(rule.tiers) or 'every member'}: {said}"),
            t.say("未用完可结转", "what is left may be used later") if rule.carry_over else "",
        ]
    )


def _campaign(rule: Campaign, t: Teller) -> str:
    gives = []
    if ratio(rule.earn_multiplier) != 1:
        gives.append(t.say(f"积分 {t.times(rule.earn_multiplier)}", f"{t.times(rule.earn_multiplier)} the points"))
    if rule.pay_percent is not None:
        named = t.listed([*(t.service(code) for code in rule.services), t.categories(rule.categories)])
        gives.append(t.say(f"{named}享 {t.pays(rule.pay_percent)}", f"{t.pays(rule.pay_percent)} {named}".strip()))
    if rule.rewards:
        gives.append(t.say(f"送{t.rewards(rule.rewards)}", f"{t.rewards(rule.rewards)} given"))
    when = t.listed((_window(one, t) for one in rule.windows), either=True) or t.say("活动期间", "while it runs")
    parts = [t.say(f"{when}：", f"{when}: ") + (t.clauses(gives) or t.say("发送问候", "a greeting"))]
    if rule.min_fen:
        parts.append(t.say(f"单笔满 {t.yuan(rule.min_fen)}", f"for bills from {t.yuan(rule.min_fen)}"))
    if rule.per_customer_limit:
        parts.append(
            t.say(f"每人最多 {rule.per_customer_limit} 次", f"{t.counted(rule.per_customer_limit)} per customer")
        )
    budgets = [t.yuan(rule.budget_fen)] if rule.budget_fen is not None else []
    budgets += [t.points(rule.budget_points)] if rule.budget_points is not None else []
    if budgets:
        parts.append(
            t.say(f"预算 {t.listed(budgets)}，用完即止", f"ending when the budget of {t.listed(budgets)} is spent")
        )
    return t.clauses(parts)


def _window(window: Window, t: Teller) -> str:
    if isinstance(window, DayWindow):
        first, last = t.day_text(window.first), t.day_text(window.last)
        every = len(window.first) == 5
        span = first if first == last else t.say(f"{first}至{last}", f"{first} to {last}")
        return t.say(f"每年{span}", f"every year {span}") if every else span
    if isinstance(window, FestivalWindow):
        name = t.name(FESTIVALS.get(window.festival, window.festival))
        before = (
            t.say(f"前 {t.days(window.before_days)}", f"from {t.days(window.before_days)} before")
            if window.before_days
            else ""
        )
        after = (
            t.say(f"后 {t.days(window.after_days)}", f"to {t.days(window.after_days)} after")
            if window.after_days
            else ""
        )
        if not before and not after:
            return name
        return t.say(
            f"{name}{'至'.join(part for part in (before, after) if part)}",
            f"{name} ({' '.join(part for part in (before, after) if part)})",
        )
    if t.is_zh:
        return "每周" + "、".join(_WEEKDAYS_ZH[day - 1 : day] for day in window.days)
    return "on " + t.listed((_WEEKDAYS_EN[day - 1] for day in window.days if 1 <= day <= 7), either=True)


def _goodwill(rule: Goodwill, t: Teller) -> str:
    limits = [
        t.say(f"{t.role(one.role)}最多 {t.yuan(one.max_fen)}", f"{t.role(one.role)} up to {t.yuan(one.max_fen)}")
        for one in rule.limits
    ]
    most = rule.max_fen_per_complaint
    return t.clauses(
        [
            t.say(
                f"因投诉补偿：{t.listed(limits) or '一律审批'}",
                f"A credit because of a complaint: {t.listed(limits) or 'always approved by another'}",
            ),
            t.say("超出须上级审批", "above that somebody with a higher limit approves") if limits else "",
            t.say(f"每起投诉最多 {t.yuan(most)}", f"{t.yuan(most)} per complaint at most") if most is not None else "",
            _valid(t, days=None, months=rule.valid_months, since=both("发放后", "of its issue")),
        ]
    )


def _churn(rule: Churn, t: Teller) -> str:
    signals = t.listed((_signal(one, rule, t) for one in rule.signals), either=True)
    roles = t.listed((t.role(one) for one in rule.roles), either=True)
    return t.clauses(
        [
            t.say(f"出现{signals}即为流失预警", f"At risk: {signals}"),
            t.say(f"由{roles}在 {t.days(rule.due_days)}内联系", f"called by {roles} within {t.days(rule.due_days)}"),
            t.say(
                f"结案后同一信号 {t.days(rule.quiet_days)}内不再提醒",
                f"not told again of the same sign for {t.days(rule.quiet_days)}",
            )
            if rule.quiet_days
            else "",
        ]
    )


def _signal(signal: str, rule: Churn, t: Teller) -> str:
    if signal == "no_spend":
        longer = t.say(
            f"（或自己平均间隔的 {rule.gap_factor} 倍，取较长者）",
            f" (or {rule.gap_factor} times their own usual gap, the longer of the two)",
        )
        return t.say(f"{t.months(rule.months)}未消费", f"nothing spent for {t.months(rule.months)}") + (
            longer if rule.gap_factor else ""
        )
    if signal == "planned_date":
        return t.say(f"超过约定日期 {t.days(rule.planned_days)}", f"{t.days(rule.planned_days)} past a planned date")
    if signal == "over_estimate":
        percent = rule.over_estimate_percent
        return t.say(f"费用超出预估 {percent}% 以上", f"a bill {percent} % or more over the estimate")
    return t.name(_SIGNALS[signal])


def _winback(rule: Winback, t: Teller) -> str:
    gets = t.rewards(rule.choose_one_of, either=True)
    invite = t.name(rule.invite)
    return t.clauses(
        [
            t.say(f"针对流失客户，送{gets}", f"Who has left is offered {gets}"),
            t.say(f"邀请参与{invite}", f"invited to: {invite}") if invite else "",
            t.say("每次流失只送一次", "once for each time they leave"),
            t.say(
                f"留出 {rule.hold_out_percent}% 不送以衡量效果",
                f"not offered to {rule.hold_out_percent} %, to measure what it does",
            )
            if rule.hold_out_percent
            else "",
            t.say(f"{t.days(rule.measure_days)}内回来算挽回", f"back within {t.days(rule.measure_days)} counts as won"),
        ]
    )


OFFERS: Final[Mapping[type[Any], Callable[[Any, Teller], str]]] = MappingProxyType(
    {
        CouponTemplate: _coupon,
        Referral: _referral,
        Birthday: _birthday,
        ReviewReward: _review,
        ServiceQuota: _quota,
        Campaign: _campaign,
        Goodwill: _goodwill,
        Churn: _churn,
        Winback: _winback,
    }
)
