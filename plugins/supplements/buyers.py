"""Reads for whom somebody buys (给妈妈买), which group that is, and which formula the group is recommended; pure."""

import re
from typing import Final, Literal

import msgspec

from plugins.api import Text, both
from plugins.supplements.calcium import ADULT, ELDER, MONTHS, Person, Sex, Special

Group = Literal["elder", "adult", "child", "unknown"]

_ELDER_WOMAN = re.compile(
    r"(?<![宝孕辣奶])妈|母亲|婆婆|岳母|奶奶|外婆|姥姥|阿姨|姑妈|\b(?:mum|mom|mother|grandmother|grandma)\b",
    re.IGNORECASE,
)
_ELDER_MAN = re.compile(r"爸|父亲|公公|岳父|爷爷|外公|姥爷|\b(?:dad|father|grandfather|grandpa)\b", re.IGNORECASE)
_PARENTS = re.compile(r"爸妈|父母|老人|长辈|\bparents\b", re.IGNORECASE)
_CHILD = re.compile(
    r"孩子|小孩|宝宝|婴儿|幼儿|儿子|女儿|闺女|孙子|孙女|外孙|\b(?:child|baby|son|daughter|kid)\b", re.IGNORECASE
)
_WOMAN = re.compile(r"老婆|妻子|太太|爱人|姐|妹|孕妈|宝妈|\b(?:wife|sister)\b", re.IGNORECASE)
_MAN = re.compile(r"老公|丈夫|哥|弟|\b(?:husband|brother)\b", re.IGNORECASE)


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """The one it is for, as far as the words and the answers tell."""

    group: Group
    sex: Sex = "unknown"
    years: int | None = None
    """As typed; None: only the group is known."""

    def person(self, special: frozenset[Special]) -> Person | None:
        """Return whom a table can be asked about; a group of 50+ stands on the table's first row above 50."""
        if self.years is not None:
            return Person(months=self.years * MONTHS, sex=self.sex, special=special)
        if self.group == "elder":
            return Person(months=(ELDER + 1) * MONTHS, sex=self.sex, special=special)
        return None


def read_buyer(words: str, years: int | None = None, sex: Sex = "unknown") -> Buyer:
    """Return who is meant: 给妈妈买 is a woman of 50 or more, unless an age is told, which goes before words."""
    group, told = _by_words(words)
    known = sex if sex != "unknown" else told
    if years is not None:
        group = "child" if years < ADULT else "elder" if years >= ELDER else "adult"
    return Buyer(group=group, sex=known, years=years)


def _by_words(words: str) -> tuple[Group, Sex]:
    if _CHILD.search(words):
        return "child", "unknown"
    if _PARENTS.search(words):
        return "elder", "unknown"
    if _ELDER_WOMAN.search(words):
        return "elder", "female"
    if _ELDER_MAN.search(words):
        return "elder", "male"
    if _WOMAN.search(words):
        return "unknown", "female"
    return "unknown", "male" if _MAN.search(words) else "unknown"


GROUP_WORDS: Final[dict[Group, Text]] = {
    "elder": both("50 岁及以上", "50 or older"),
    "adult": both("18–49 岁", "18 to 49"),
    "child": both("未成年", "Not of age"),
    "unknown": both("年龄不详", "Age not known"),
}
# 推荐“钙+维生素K2”配方 (facts intake.for_mother); for other groups the document names no formula, so none is recommended.
ELDER_FORMULA: Final = both("钙+维生素K2", "Calcium with vitamin K2")


def formula_for(buyer: Buyer) -> Text | None:
    """Return the formula of the group's model (中老年补钙需求模型), or None where no document names one."""
    return ELDER_FORMULA if buyer.group == "elder" else None
