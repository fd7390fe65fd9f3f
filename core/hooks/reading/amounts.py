"""Finds how far a bill is over its estimate, in a complaint's own words: sums, percentages, 成, 倍."""

import re
from collections.abc import Iterator
from itertools import islice

import msgspec

_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_CN = "零〇一二两三四五六七八九十百千万"
_ARABIC = r"(?<!\d)(?:\d{1,3}(?:,\d{3}){1,3}|\d{1,9})(?:\.\d{1,4})?"
_CURRENCY = r"块钱|块|元|圆|rmb|yuan"
# Not money: what is counted in days, times, pieces, percent, dates, weights.
_NO_MONEY = r"(?!\d|\.\d|\s?(?:天|次|点|分钟|小时|个|号|月|年|岁|斤|公斤|kg|ml|毫升|片|针|只|%|成|倍|星|折|人|楼|份|瓶|支|盒|度|days?|hours?|times|stars?))"


def _sum(side: str) -> str:
    """Return the pattern of one sum: 1040, 1,299.5, 3千5, 一千三, with or without a currency."""
    digits = rf"(?P<{side}a>{_ARABIC})\s?(?P<{side}k>[万千kw]?)(?P<{side}t>\d?)"
    spoken = rf"(?P<{side}c>[{_CN}]{{2,12}})"
    return rf"(?:[¥￥$]\s?)?(?:{digits}|{spoken})(?:多|来|余)?\s?(?:{_CURRENCY})?{_NO_MONEY}"


_GAP = r"[^。！？!?;；\n]"
_ESTIMATE = r"预估|从|预计|估计|估价|标价|标的|挂价|封顶|原来讲|原来说|估的|估算|估|报价|报的|报了|预算|原本|原来|本来|一开始|开始|当初|当时|事先|之前|术前|说好|讲好|谈好|约定|说的?是?|告诉我|告知|口头(?:讲|说)?|谈的|讲的?|\b(?:estimate[d]?|quote[d]?|told|said|agreed)\b"
_ACTUAL = r"实际|实付|刷卡|小票|收费单|出来|到店|加到|帐单|后来|一共|总共|结完账|一看|买单|刷了|实收|结果|最后|最终|结账|结算|账单|出院|收了|收费|收我|花了|付了|交了|要了|要我|变成|变|涨到|成了|成|\b(?:bill|charged|paid|final(?:ly)?|actual(?:ly)?|ended up|became|cost)\b"
_FIRST = re.compile(_ESTIMATE)
_MOST_PLACES = 200
"""Where a pair of sums is looked for in one text: each try costs much, and beyond it nothing new is learnt."""
_PAIR = re.compile(rf"(?:{_ESTIMATE}){_GAP}{{0,14}}?{_sum('e')}{_GAP}{{0,30}}?(?:{_ACTUAL}){_GAP}{{0,12}}?{_sum('b')}")
_OVER = r"差了|相差|差出|超收|超出|超过|超了|超|高出|高了|多出|多收|多了|多花|贵出|贵了|涨了|涨|翻了|翻|\b(?:over|above|exceed(?:s|ed)?|more than)\b"
_BASE = r"原来|讲的|说的|预估|预计|估价|估的|估计|报价|预算|说好|约定|原价|当初|费用|账单|收费|价格|价钱|\b(?:estimate|quote|bill|price|cost)"
_SHARE = (
    rf"(?:(?P<percent>(?<!\d)\d{{1,6}}(?:\.\d{{1,4}})?)\s?(?:%|个百分点|percent)|百分之(?P<spoken>[{_CN}]{{1,8}}|\d{{1,6}})|(?P<tenths>[一二两三四五六七八九\d])成(?P<half>半)?"
    r"|(?P<onehalf>一半|half)|(?P<times>[一二两三四五\d])倍|(?P<double>(?<=翻)了?倍|翻番|double[d]?)|(?P<thirds>三分之[一二]))"
)
_OVER_SHARE = (
    re.compile(rf"(?:{_BASE}){_GAP}{{0,12}}?(?:{_OVER}){_GAP}{{0,8}}?{_SHARE}"),
    re.compile(rf"(?:超收|多收)(?:了|我|的|整整){{0,3}}{_SHARE}"),
    re.compile(rf"(?:{_OVER}){_GAP}{{0,8}}?(?:{_BASE}){_GAP}{{0,6}}?{_SHARE}"),
    re.compile(rf"{_SHARE}{_GAP}{{0,6}}?(?:{_OVER}){_GAP}{{0,8}}?(?:{_BASE})"),
)


class Overrun(msgspec.Struct, frozen=True):
    """A bill over its estimate by `percent`, and where the text says so."""

    percent: float
    start: int
    end: int


def percent_over(estimate_fen: int, bill_fen: int) -> float:
    """Return by how many percent the bill is over the estimate, negative when below."""
    return (bill_fen - estimate_fen) * 100 / estimate_fen


def reaches(estimate_fen: int, bill_fen: int, percent: int) -> bool:
    """Tell whether the bill is over by at least `percent`; exact, in integers."""
    return estimate_fen > 0 and (bill_fen - estimate_fen) * 100 >= percent * estimate_fen


def find_overruns(text: str) -> list[Overrun]:
    """Return every overrun that a normalized text states, as a share or as two sums."""
    found = [_from_share(match) for pattern in _OVER_SHARE for match in pattern.finditer(text)]
    for match in _pairs(text):
        estimate, bill = _fen(match, "e"), _fen(match, "b")
        if 0 < estimate < bill:
            found.append(Overrun(percent_over(estimate, bill), match.start(), match.end()))
    return found


def _pairs(text: str) -> Iterator[re.Match[str]]:
    end = 0
    for place in islice(_FIRST.finditer(text), _MOST_PLACES):
        match = _PAIR.match(text, place.start()) if place.start() >= end else None
        if match is not None:
            end = match.end()
            yield match


def _from_share(match: re.Match[str]) -> Overrun:
    parts = match.groupdict()
    if parts["percent"]:
        percent = float(parts["percent"])
    elif parts["spoken"]:
        percent = float(number_of(parts["spoken"]))
    elif parts["tenths"]:
        percent = number_of(parts["tenths"]) * 10 + (5 if parts["half"] else 0)
    elif parts["onehalf"]:
        percent = 50
    elif parts["thirds"]:
        percent = number_of(parts["thirds"][-1]) * 100 / 3
    elif parts["times"]:
        percent = number_of(parts["times"]) * 100
    else:
        percent = 100
    return Overrun(percent, match.start(), match.end())


def _fen(match: re.Match[str], side: str) -> int:
    spoken = match.group(f"{side}c")
    if spoken:
        return number_of(spoken) * 100
    digits, unit, tail = (match.group(f"{side}{part}") or "" for part in "akt")
    factor = {"": 1, "千": 1000, "k": 1000, "万": 10_000, "w": 10_000}[unit]
    fen = round(float(digits.replace(",", "")) * factor * 100)
    # 1千5 is 1500, 1万2 is 12000: a digit after the unit counts tenths of it.
    return fen + (int(tail) * factor * 10 if tail and factor > 1 else 0)


def number_of(text: str) -> int:
    """Return a whole number written in digits or in Chinese, with spoken ends: 一千五 1500, 两百三 230, 一万二 12000."""
    if text.isdigit():
        return int(text)
    total = section = digit = 0
    last_unit = 1
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
            last_unit = 1 if digit == 0 else last_unit
        elif char == "万":
            total, section, digit, last_unit = (total + section + digit) * 10_000, 0, 0, 10_000
        else:
            unit = _UNITS[char]
            section, digit, last_unit = section + (digit or 1) * unit, 0, unit
    return total + section + (digit * last_unit // 10 if last_unit > 10 else digit)
