"""Amounts, discounts, spans of time and names as people say them, in Chinese and in English."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

import msgspec

from core.hooks.records.conditions import Tree
from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.parts import CouponReward, GiftReward, PointsReward, Ratio, Reward, ServiceReward, ratio
from core.hooks.records.loyalty.program import Program
from core.hooks.records.text import Text, both, localized

PERIODS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "day": both("每天", "a day"),
        "week": both("每周", "a week"),
        "month": both("每月", "a month"),
        "quarter": both("每季度", "a quarter"),
        "year": both("每年", "a year"),
        "membership_year": both("每个会员年度", "a membership year"),
        "lifetime": both("一共", "in all"),
    }
)
HOLDERS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "household": both("每个家庭", "per household"),
        "person": both("每位会员", "per member"),
        "subject": both("每只宠物（或每位就诊人）", "per pet or patient"),
    }
)


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What codes are called: of services, kinds of fees, roles and kinds of subjects; a code that is not here stays."""

    services: Mapping[str, Text] = {}
    categories: Mapping[str, Text] = {}
    roles: Mapping[str, Text] = {}
    subject_types: Mapping[str, Text] = {}


class Teller:
    """Says things to one reader: the locale, the program that rules stand in, and the names of codes."""

    def __init__(
        self,
        locale: str,
        program: Program | None = None,
        names: Names | None = None,
        tell: Callable[[Tree], str] | None = None,
    ) -> None:
        self.locale = locale
        self.is_zh = locale.replace("_", "-").lower().startswith("zh")
        self.program = program
        self.names = names or Names()
        self._tell = tell

    def say(self, zh: str, en: str) -> str:
        """The words in the reader's language."""
        return zh if self.is_zh else en

    def name(self, text: Text) -> str:
        """A text of a plugin or the tenant in the reader's language."""
        return localized(text, self.locale)

    def listed(self, parts: Iterable[str], *, either: bool = False) -> str:
        """甲、乙和丙 as people write it: A, B and C; with `either` A, B or C."""
        words = [part for part in parts if part]
        if self.is_zh:
            return ("或" if either and len(words) == 2 else "、").join(words)
        if len(words) < 2:
            return "".join(words)
        return f"{', '.join(words[:-1])} {'or' if either else 'and'} {words[-1]}"

    def clauses(self, parts: Iterable[str]) -> str:
        """Several things that hold together, in one sentence."""
        return self.say("，", ", ").join(part for part in parts if part)

    def number(self, value: int) -> str:
        """A whole number: 2000 in Chinese, 2,000 in English."""
        return str(value) if self.is_zh else f"{value:,}"

    def yuan(self, fen: int) -> str:
        """Fen as yuan without idle zeros: 500 元, 0.5 yuan."""
        whole, rest = divmod(abs(fen), 100)
        text = self.number(whole) + (f".{rest:02}".rstrip("0") if rest else "")
        return ("-" if fen < 0 else "") + text + self.say(" 元", " yuan")

    def pays(self, percent: int) -> str:
        """What somebody pays, as a discount: 85 is 8.5 折, or 15 % off; 0 is free."""
        if percent <= 0:
            return self.say("免费", "free")
        if percent >= 100:
            return self.say("原价", "the full price")
        tenths, rest = divmod(percent, 10)
        return self.say(f"{tenths}.{rest} 折" if rest else f"{tenths} 折", f"{100 - percent} % off")

    def times(self, value: Ratio) -> str:
        """A multiplier: 1.5 倍."""
        exact = ratio(value)
        text = f"{float(exact):g}" if (exact * 1000).denominator == 1 else str(exact)
        return self.say(f"{text} 倍", f"{text} times")

    def points(self, count: int) -> str:
        """100 积分."""
        return self.say(f"{count} 积分", f"{count:,} point{'' if count == 1 else 's'}")

    def days(self, count: int) -> str:
        """7 天."""
        return self.say(f"{count} 天", f"{count:,} day{'' if count == 1 else 's'}")

    def months(self, count: int) -> str:
        """3 个月."""
        return self.say(f"{count} 个月", f"{count:,} month{'' if count == 1 else 's'}")

    def counted(self, count: int | None) -> str:
        """1 次; None is without limit."""
        if count is None:
            return self.say("不限次", "any number of times")
        return self.say(f"{count} 次", "once" if count == 1 else "twice" if count == 2 else f"{count:,} times")

    def day(self, value: date) -> str:
        """2026年11月11日, or 11 November 2026."""
        return self.say(f"{value.year}年{value.month}月{value.day}日", f"{value.day} {value:%B %Y}")

    def day_text(self, value: str) -> str:
        """A stored day of a window: with a year, or of every year."""
        if len(value) == 10:
            return self.day(date.fromisoformat(value))
        found = date.fromisoformat(f"2024-{value}")
        return self.say(f"{found.month}月{found.day}日", f"{found.day} {found:%B}")

    def per(self, count: int | None, period: str) -> str:
        """每年 1 次, once a year."""
        span = self.name(PERIODS[period])
        return self.say(f"{span} {self.counted(count)}".replace(" 不限", "不限"), f"{self.counted(count)} {span}")

    def service(self, code: str) -> str:
        """The name of a service item."""
        return self.name(self.names.services.get(code, code))

    def categories(self, codes: Iterable[str]) -> str:
        """The names of kinds of fees."""
        return self.listed(self.name(self.names.categories.get(code, code)) for code in codes)

    def tier(self, code: str) -> str:
        """The name of a tier of the program."""
        ladder = self.program.ladder if self.program else None
        found = next((one for one in ladder.tiers if one.code == code), None) if ladder else None
        return self.name(found.label or code) if found else code

    def tiers(self, codes: Iterable[str]) -> str:
        """The names of tiers."""
        return self.listed(self.tier(code) for code in codes)

    def role(self, code: str) -> str:
        """The name of a role of the staff."""
        return self.name(self.names.roles.get(code, code))

    def condition(self, tree: Tree) -> str:
        """A condition in words; without anybody to tell it, that there is one."""
        return self._tell(tree) if self._tell else self.say("满足所设条件", "the condition set for it holds")

    def template(self, code: str) -> str:
        """The name of a coupon."""
        found = self.program.find(code) if self.program else None
        label = self.name(found.label) if isinstance(found, CouponTemplate) else ""
        return label or self.say(f"优惠券“{code}”", f"the coupon “{code}”")

    def reward(self, reward: Reward) -> str:
        """One thing that is given."""
        if isinstance(reward, PointsReward):
            return self.points(reward.points)
        if isinstance(reward, CouponReward):
            return self.template(reward.template)
        if isinstance(reward, GiftReward):
            return self.name(reward.label or reward.item)
        return self._service_reward(reward)

    def _service_reward(self, reward: ServiceReward) -> str:
        name = self.name(reward.label) or self.service(reward.service)
        pays = self.pays(reward.pay_percent)
        if reward.pay_percent:
            said = self.say(f"{name}{pays}", f"{name}: {pays}")
        else:
            said = name if name.lower().startswith(pays) else self.say(f"免费{name}", f"free {name}")
        uses = "" if reward.uses == 1 else self.say(f"（{reward.uses} 次）", f" ({reward.uses:,} times)")
        return said + uses

    def rewards(self, rewards: Iterable[Reward], *, either: bool = False) -> str:
        """Several things that are given together, or one of them by choice."""
        return self.listed([self.reward(one) for one in rewards], either=either)
