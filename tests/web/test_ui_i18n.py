"""Who reads which language, and how numbers, money and times look in it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from web import formats, i18n, i18n_catalogue
from web.page import Page, showing

NOON = datetime(2026, 11, 21, 9, 29, 22, tzinfo=UTC)


def page(locale: str) -> Page:
    return Page(locale=locale, timezone="Asia/Shanghai", now=NOON)


@pytest.mark.parametrize("tag", ["zh", "zh-CN", "zh_CN", "zh-Hans-CN", "zh-TW", "ZH-hk", "zh-Hant"])
def test_every_kind_of_chinese_reads_zh_cn(tag: str) -> None:
    assert i18n.known_locale(tag) == "zh_CN"
    assert i18n.negotiate(accept_language=tag) == "zh_CN"


@pytest.mark.parametrize(
    ("user", "cookie", "tenant", "accept", "expected"),
    [
        ("en", "zh_CN", "zh_CN", "zh-CN", "en"),
        (None, "en", "zh_CN", "zh-CN", "en"),
        (None, None, "en", "zh-CN", "en"),
        (None, None, None, "fr, en;q=0.8, zh;q=0.9", "zh_CN"),
        (None, None, None, "en-GB,en;q=0.9", "en"),
        (None, None, None, "de, fr", "zh_CN"),
        ("xx", "", None, "en;q=oops, en;q=0, *", "zh_CN"),
        (None, None, None, "", "zh_CN"),
    ],
)
def test_the_person_decides_before_cookie_chain_and_browser(
    user: str | None, cookie: str | None, tenant: str | None, accept: str, expected: str
) -> None:
    assert i18n.negotiate(user, cookie, tenant, accept) == expected


def test_the_language_attribute_is_a_tag_that_browsers_know() -> None:
    assert page("zh_CN").lang == i18n.html_lang("zh_CN") == "zh-CN"
    assert page("en").lang == i18n.html_lang("en") == "en"


def test_texts_follow_the_page() -> None:
    with showing(page("zh_CN")):
        assert i18n.gettext("Overdue") == "超时"
        assert i18n.ngettext("%(n)s day ago", "%(n)s days ago", 3) == "%(n)s 天前"
    with showing(page("en")):
        assert i18n.gettext("Overdue") == "Overdue"
        assert i18n.ngettext("%(n)s day ago", "%(n)s days ago", 1) == "%(n)s day ago"
        assert i18n.pgettext("a place", "Nowhere known") == "Nowhere known"
        assert i18n.npgettext("a place", "one thing", "things", 2) == "things"
    with showing(page(i18n.PSEUDO)):
        assert i18n.gettext("Overdue") == "⟦Overdue⟧"
        assert i18n.pgettext("x", "Open") == "⟦Open⟧"
        assert i18n.npgettext("x", "day", "days", 2) == "⟦days⟧"
    assert i18n.N_("marked only") == "marked only"


def test_plugin_texts_come_in_the_readers_language_or_in_one_there_is() -> None:
    both = {"zh-CN": "犬", "en": "Dog"}
    assert i18n.localized(both, "zh_CN") == "犬"
    assert i18n.localized(both, "en") == "Dog"
    assert i18n.localized({"zh_CN": "犬"}, "en") == "犬"
    assert i18n.localized({"fr": "chien"}, "en") == "chien"
    assert i18n.localized("犬", "en") == "犬"
    assert i18n.localized(None) == i18n.localized({}) == ""
    assert i18n.localized(both, i18n.PSEUDO) == "⟦Dog⟧"


@pytest.mark.parametrize(
    ("fen", "text"),
    [(328650, "¥3,286.50"), (0, "¥0.00"), (5, "¥0.05"), (-1250, "-¥12.50"), (100000000, "¥1,000,000.00")],
)
def test_money_is_yuan_from_integer_fen(fen: int, text: str) -> None:
    assert formats.money(fen) == text


def test_times_are_shown_in_the_tenants_zone_and_the_readers_order() -> None:
    with showing(page("zh_CN")):
        assert formats.format_datetime(NOON) == "2026/11/21 17:29"
        assert formats.format_datetime(NOON, "long") == "2026年11月21日 17:29:22"
        assert formats.format_date(date(2026, 3, 2)) == "2026/03/02"
    with showing(page("en")):
        assert formats.format_datetime(NOON) == "21 Nov 2026, 17:29"
        assert formats.format_datetime(NOON, "long") == "21 November 2026, 17:29:22"
        assert formats.format_time(NOON) == "17:29"
        assert formats.iso(NOON) == "2026-11-21T09:29:22Z"


def test_a_moment_without_a_zone_is_refused() -> None:
    with showing(page("en")), pytest.raises(ValueError, match="without a zone"):
        formats.format_datetime(NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-20, "刚刚"),
        (-180, "3 分钟前"),
        (180, "3 分钟后"),
        (-7200, "2 小时前"),
        (7200, "2 小时后"),
        (-3 * 86400, "3 天前"),
        (2 * 86400, "2 天后"),
        (-30 * 86400, "2026/10/22"),
    ],
)
def test_how_long_ago_is_said_in_words_for_a_week(seconds: int, text: str) -> None:
    with showing(page("zh_CN")):
        assert formats.relative(NOON + timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (660, "11 min"),
        (5400, "1 h 30 min"),
        (90000, "1 d 1 h"),
        (-90, "-1 min 30 s"),
        (86460, "1 d"),
    ],
)
def test_a_duration_names_its_two_largest_units(seconds: int, text: str) -> None:
    with showing(page("en")):
        assert formats.duration(seconds) == text
        assert formats.duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("phone", "text"),
    [
        ("+8613812346871", "138****6871"),
        ("13812346871", "138****6871"),
        ("", ""),
        (None, ""),
        ("12345", "*****"),
        ("05461234567", "054****4567"),
    ],
)
def test_phones_are_masked_in_the_middle(phone: str | None, text: str) -> None:
    assert formats.phone_masked(phone) == text


@pytest.mark.parametrize(
    ("left", "state", "text", "fraction"),
    [
        (540, "ok", "09:00", 0.9),
        (150, "warn", "02:30", 0.25),
        (0, "over", "00:00", 1.0),
        (-34446, "over", "09:34:06", 1.0),
    ],
)
def test_a_countdown_warns_in_the_last_quarter(left: int, state: str, text: str, fraction: float) -> None:
    with showing(page("en")):
        due = NOON + timedelta(seconds=left)
        assert formats.countdown(due, due - timedelta(minutes=10)) == formats.Countdown(state, text, fraction)


def test_a_countdown_without_a_start_shows_no_share_and_days_after_a_hundred_hours() -> None:
    with showing(page("zh_CN")):
        assert formats.countdown(NOON + timedelta(hours=101)) == formats.Countdown("ok", "4 天 05:00:00", 1.0)


def test_other_numbers() -> None:
    assert formats.percent(0.942) == "94.2%"
    assert formats.percent(0.31, 0) == "31%"
    assert formats.number(12345) == "12,345"


def test_the_catalogues_hold_every_text_translated_and_with_the_same_placeholders() -> None:
    assert i18n_catalogue.check() == []


def test_no_line_ends_between_a_number_and_its_percent_sign() -> None:
    assert i18n.catalogue("en").gettext("%(n)s %% of the price") % {"n": 90} == "90\u00a0% of the price"
