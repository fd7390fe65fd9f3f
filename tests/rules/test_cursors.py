"""The places where pages of long lists end: what is no cursor begins at the first page and never reaches the database."""

from datetime import UTC, date, datetime

from core.db import new_id
from web.cursors import pack_cursor, read_day_cursor, read_moment_cursor


def test_a_place_in_a_list_by_instants_or_days_comes_back_as_it_was_packed() -> None:
    one, moment = new_id(), datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert read_moment_cursor(pack_cursor(moment.isoformat(), one)) == (moment, one)
    assert read_day_cursor(pack_cursor("2026-11-22", one)) == (date(2026, 11, 22), one)


def test_a_place_that_somebody_made_up_is_the_first_page() -> None:
    one = new_id()
    for text in ("", "x", pack_cursor("昨天", one), pack_cursor("2026-11-22T09:30:00", one)):
        assert read_moment_cursor(text) is None, "an instant without its offset is none"
    for text in ("", "x", pack_cursor("昨天", one)):
        assert read_day_cursor(text) is None
