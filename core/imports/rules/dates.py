"""Days as people write them: thirty styles, short years, the Republic's years, a spreadsheet's serial numbers, or why not."""

import functools
import re
from datetime import date, timedelta

import msgspec

from core.imports.rules.cells import EMPTY, CellProblem, fold, read_han_number

OLDEST_YEAR = 1900


class DateReading(msgspec.Struct, frozen=True):
    """A day; `partial` when only the year or the month was told and its first day stands in."""

    day: date
    partial: bool = False
    short: bool = False
    """The year was told by its last two digits."""


_YMD = re.compile(r"(\d{4})\s*[-/.年\s]\s*(\d{1,2})\s*[-/.月\s]\s*(\d{1,2})\s*[日号]?")
_YM = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?(?:份)?|((?:19|20)\d{2})(0[1-9]|1[0-2])")
_Y = re.compile(r"((?:19|20)\d{2})\s*年?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DMY = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_YY = re.compile(r"(\d{1,2})\s*([-/.年])\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
# 民国109年 is 2020: the years of the Republic are counted from 1912.
_MINGUO = re.compile(r"(?:中华)?民[国國]\s*(\d{1,3})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_MINGUO_ZERO = 1911
_HAN_DATE = re.compile(
    r"([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十廿]{1,4})[日号]?"
)
_MONTHS = {
    name: number
    for number, name in zip(range(1, 13), re.findall("...", "janfebmaraprmayjunjulaugsepoctnovdec"), strict=True)
}
_D_MON_Y = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-\s./]*([a-z]{3})[a-z]*\.?,?[-\s./]*(\d{4})")
_MON_D_Y = re.compile(r"([a-z]{3})[a-z]*\.?[-\s./]*(\d{1,2})(?:st|nd|rd|th)?,?[-\s./]+(\d{4})")
_Y_MON_D = re.compile(r"(\d{4})[-\s./]*([a-z]{3})[a-z]*\.?[-\s./]*(\d{1,2})")
_TIME = re.compile(
    r"(?:[t\s]+|(?=[上下中]午))(?:上午|下午|中午|am|pm)?\s*\d{1,2}[:时点]\d{2}分?(:\d{2}(\.\d+)?)?\s*(?:am|pm|z|[+-]\d{2}:?\d{2})?$"
)
_WEEKDAY = re.compile(r"[\s(]*(?:星期|周|礼拜)[一二三四五六日天][\s)]*")
_SERIAL = re.compile(r"(\d{4,5})(\.\d+)?")
# Excel's day 1 is 1 January 1900, and it believes in 29 February 1900.
_EXCEL_EPOCH = date(1899, 12, 30)


@functools.lru_cache(maxsize=8192)
def read_date(text: str, *, today: date) -> DateReading | None:
    """Read 2020/4/28, 2016年11月9日, 2024.12.30, 20220524, 2020年5月, an Excel serial; None when the cell is empty.

    Raises:
        CellProblem: no such day, a day to come, before 1900, an ambiguous or unknown form.
    """
    plain = _TIME.sub("", _WEEKDAY.sub(" ", fold(text)).strip())
    if plain in EMPTY or plain in {"未知", "不清楚", "0", "不知道", "不记得", "待补", "0000-00-00"}:
        return None
    short = _YY.fullmatch(plain)
    reading = _read_short(plain, short, today) if short else _read_day(plain)
    if reading.day > today:
        raise CellProblem("date-future", value=text.strip())
    if reading.day.year < OLDEST_YEAR:
        raise CellProblem("date-too-old", value=text.strip())
    return reading


def _read_short(plain: str, found: re.Match[str], today: date) -> DateReading:
    """20/4/28, 20年4月28日: the year comes first here; where that makes no day that has been, another order may."""
    first, middle, last = found[1], found[3], found[4]
    orders = [(first, middle, last)]
    if found[2] != "年":
        orders += [(last, middle, first), (last, first, middle)]
    days = []
    for year, month, day in orders:
        for century in (2000, 1900) if len(year) == 2 else ():
            try:
                one = date(century + int(year), int(month), int(day))
            except ValueError:
                continue
            if one <= today:
                days.append(one)
                break
        if days and year == first:
            break
    if not days:
        raise CellProblem("date-impossible", value=plain)
    if len(set(days)) > 1:
        raise CellProblem("date-ambiguous", value=plain)
    return DateReading(days[0], short=True)


def _read_words(plain: str) -> DateReading | None:
    """28 Apr 2020, April 28, 2020, 2020-Apr-28, 民国109年4月28日, 二〇二〇年四月二十八日."""
    if found := _MINGUO.fullmatch(plain):
        year, month, day = map(int, found.groups())
        return DateReading(_day(plain, year + _MINGUO_ZERO, month, day))
    if found := _HAN_DATE.fullmatch(plain):
        parts = [read_han_number(part.replace("廿", "二十")) or 0 for part in found.groups()]
        return DateReading(_day(plain, *parts))
    for pattern, order in ((_D_MON_Y, (2, 1, 0)), (_MON_D_Y, (2, 0, 1)), (_Y_MON_D, (0, 1, 2))):
        if (found := pattern.fullmatch(plain)) and (words := found.groups())[order[1]] in _MONTHS:
            return DateReading(_day(plain, int(words[order[0]]), _MONTHS[words[order[1]]], int(words[order[2]])))
    return None


def _read_day(plain: str) -> DateReading:
    found = _YMD.fullmatch(plain) or _COMPACT.fullmatch(plain.removesuffix(".0"))
    if found:
        return DateReading(_day(plain, *map(int, found.groups())))
    if month := _YM.fullmatch(plain):
        return DateReading(_day(plain, int(month[1] or month[3]), int(month[2] or month[4]), 1), partial=True)
    if year := _Y.fullmatch(plain):
        return DateReading(_day(plain, int(year[1]), 1, 1), partial=True)
    if other := _DMY.fullmatch(plain):
        first, second, last = map(int, other.groups())
        if first <= 12 and second <= 12 and first != second:
            raise CellProblem("date-ambiguous", value=plain)
        return DateReading(_day(plain, last, *((second, first) if first > 12 else (first, second))))
    serial = _SERIAL.fullmatch(plain)
    if serial and int(serial[1]) >= 20_000:  # 1954; below that it is no day of a customer, but a number
        return DateReading(_EXCEL_EPOCH + timedelta(days=int(serial[1])))
    if words := _read_words(plain):
        return words
    raise CellProblem("date-unknown", value=plain)


def _day(written: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise CellProblem("date-impossible", value=written) from None
