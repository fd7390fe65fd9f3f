"""When a campaign is open: days, festivals by the lunar calendar, days of the week; all in the tenant's own days."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from borax.calendars.lunardate import LunarDate

from core.hooks.records.loyalty.offers import Campaign, DayWindow, FestivalWindow, WeekdayWindow, Window
from core.hooks.records.text import Text, both

LUNAR: Final = MappingProxyType(
    {
        "spring": (1, 1, both("春节", "Spring Festival")),
        "lantern": (1, 15, both("元宵节", "Lantern Festival")),
        "dragon_boat": (5, 5, both("端午节", "Dragon Boat Festival")),
        "qixi": (7, 7, both("七夕", "Qixi")),
        "mid_autumn": (8, 15, both("中秋节", "Mid-Autumn Festival")),
        "double_ninth": (9, 9, both("重阳节", "Double Ninth Festival")),
        "laba": (12, 8, both("腊八节", "Laba Festival")),
    }
)
SOLAR: Final = MappingProxyType(
    {
        "new_year": (1, 1, both("元旦", "New Year")),
        "valentine": (2, 14, both("情人节", "Valentine's Day")),
        "women": (3, 8, both("妇女节", "Women's Day")),
        "labour": (5, 1, both("劳动节", "Labour Day")),
        "children": (6, 1, both("儿童节", "Children's Day")),
        "national": (10, 1, both("国庆节", "National Day")),
        "double_eleven": (11, 11, both("双十一", "Singles' Day")),
        "christmas": (12, 25, both("圣诞节", "Christmas")),
    }
)
FESTIVALS: Final[Mapping[str, Text]] = MappingProxyType(
    {code: label for code, (_month, _day, label) in (LUNAR | SOLAR).items()}
)
"""Festivals that a window may name, by code."""

_FAR: Final = timedelta(days=366 * 2)


class UnknownFestival(ValueError):
    """No festival has this code, or the lunar tables end before this year."""


def festival_day(festival: str, year: int) -> date:
    """The day of a festival that begins in this lunar (or, for fixed ones, solar) year.

    The lunar year that is called 2026 begins on 17 February 2026 and holds 重阳节 of 18 October 2026.

    Raises:
        UnknownFestival: no such festival, or a year outside 1900 to 2100.
    """
    if festival in SOLAR:
        month, day, _label = SOLAR[festival]
        return date(year, month, day)
    if festival not in LUNAR:
        raise UnknownFestival(festival)
    month, day, _label = LUNAR[festival]
    try:
        found: date = LunarDate(year, month, day).to_solar_date()
    except ValueError as error:
        raise UnknownFestival(festival, year) from error
    return found


def is_open(campaign: Campaign, day: date) -> bool:
    """Whether a live campaign counts on this local day.

    Days and festivals are alternatives, days of the week narrow them; without windows the first and the last day of
    the rule are the whole of it.
    """
    if not campaign.live or not _within(campaign, day):
        return False
    spans = [one for one in campaign.windows if not isinstance(one, WeekdayWindow)]
    weekdays = [one for one in campaign.windows if isinstance(one, WeekdayWindow)]
    if spans and not any(_holds(one, day) for one in spans):
        return False
    return not weekdays or any(day.isoweekday() in one.days for one in weekdays)


def next_opening(campaign: Campaign, day: date) -> tuple[date, date] | None:
    """The first and the last day of the next stretch that is open on `day` or later; None within two years."""
    first = next((one for one in _days(day) if is_open(campaign, one)), None)
    if first is None:
        return None
    last = first
    while is_open(campaign, last + timedelta(days=1)) and last - first < _FAR:
        last += timedelta(days=1)
    return first, last


def window_days(window: DayWindow | FestivalWindow, year: int) -> tuple[date, date]:
    """The first and the last day of a window that begins in this year."""
    if isinstance(window, FestivalWindow):
        day = festival_day(window.festival, year)
        return day - timedelta(days=window.before_days), day + timedelta(days=window.after_days)
    if len(window.first) == len("2026-11-11"):
        return date.fromisoformat(window.first), date.fromisoformat(window.last)
    first, last = _in_year(window.first, year), _in_year(window.last, year)
    return first, last if last >= first else _in_year(window.last, year + 1)


def _within(campaign: Campaign, day: date) -> bool:
    return (campaign.starts_on is None or campaign.starts_on <= day) and (
        campaign.ends_on is None or day <= campaign.ends_on
    )


def _holds(window: Window, day: date) -> bool:
    """Windows may run over the end of a year, and a lunar year begins in the solar year before its last festivals."""
    assert not isinstance(window, WeekdayWindow)
    for year in (day.year - 1, day.year, day.year + 1):
        try:
            first, last = window_days(window, year)
        except UnknownFestival:
            continue
        if first <= day <= last:
            return True
    return False


def _in_year(month_day: str, year: int) -> date:
    month, day = (int(part) for part in month_day.split("-"))
    return date(year, month, min(day, monthrange(year, month)[1]))


def _days(first: date) -> Iterator[date]:
    return (first + timedelta(days=ahead) for ahead in range(_FAR.days))
