"""What a carrier's events say, in any order; when a parcel is in trouble; and which lines of a list can be read."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.hooks.records.text import localized
from plugins.supplements.acting import read_fen
from plugins.supplements.carriers import MOST_LINES, CarrierEvent, State, read_events, state_of, trouble_of
from plugins.supplements.followups import percent
from plugins.supplements.orders import limit_of
from plugins.supplements.panels import need_of
from plugins.supplements.settings import Settings

SENT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event(number: int, kind: Any, hours: float) -> CarrierEvent:
    return CarrierEvent(carrier="中通", event_id=f"E{number}", tracking_no="T1", kind=kind, at=SENT + hours * HOUR)


def test_every_order_of_the_same_events_leads_to_the_same_state() -> None:
    events = [event(1, "picked_up", 1), event(2, "moving", 9), event(3, "moving", 20), event(4, "delivered", 30)]
    states = {state_of(SENT, order) for order in itertools.permutations(events)}
    assert states == {State("delivered", SENT + 30 * HOUR, SENT + 30 * HOUR)}


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((), "sent"),
        (("moving", "delivered", "moving"), "delivered"),  # a late scan of a hub
        (("delivered", "returned"), "returned"),
        (("delivered", "refused"), "refused"),
        (("address_wrong", "moving"), "moving"),
        (("refused", "delivered"), "delivered"),
    ],
)
def test_the_last_event_counts_and_what_is_delivered_stays_so(kinds: tuple[Any, ...], status: str) -> None:
    state = state_of(SENT, [event(number, kind, number + 1) for number, kind in enumerate(kinds)])
    assert state.status == status
    assert (state.delivered_at is not None) == (status == "delivered")


def test_an_event_from_before_the_sending_does_not_turn_the_clock_back() -> None:
    assert state_of(SENT, [event(1, "picked_up", -5)]).news_at == SENT


@pytest.mark.parametrize(
    ("status", "silent", "handled", "kind"),
    [
        ("moving", 71.99, None, None),
        ("moving", 72, None, "stuck"),  # 快递滞留3天: 72 h, the number included
        ("sent", 72, None, "stuck"),
        ("delivered", 500, None, None),
        ("returned", 500, None, None),
        ("refused", 0, None, "refused"),
        ("address_wrong", 0, None, "address_wrong"),
        ("address_wrong", 1, 0.5, None),  # dealt with half an hour ago
        ("address_wrong", 1, 2, "address_wrong"),  # refused once more after it was dealt with
        ("refused", 100, 72, "stuck"),
        ("moving", 100, 71, None),
    ],
)
def test_when_somebody_has_to_look_after_a_parcel(
    status: Any, silent: float, handled: float | None, kind: str | None
) -> None:
    state = State(status, NOW - silent * HOUR, None)
    handled_at = None if handled is None else NOW - handled * HOUR
    assert trouble_of(state, handled_at=handled_at, now=NOW, stuck_hours=72) == kind


def test_a_list_is_read_with_chinese_words_local_times_and_a_heading() -> None:
    text = '承运商,事件编号,运单号,状态,时间,地点\n中通,E1,T1,揽收,2026/11/20 08:00,"杭州, 余杭"\n顺丰,E2,T2,delivered,2026-11-21T08:00+00:00\n\n'
    events, bad = read_events(text, NOW)
    assert bad == ()
    assert [one.kind for one in events] == ["picked_up", "delivered"]
    assert events[0].at == datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    assert events[0].place == "杭州, 余杭"


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("中通,E1,T1,揽收", "6"),
        (",E1,T1,揽收,2026-11-20 08:00,x", "必填"),
        ("中通,E1,T1,飞走,2026-11-20 08:00,x", "飞走"),
        ("中通,E1,T1,揽收,昨天,x", "昨天"),
        ("中通,E1,T1,揽收,2026-11-23 11:01,x", "将来"),
        (f"中通,{'E' * 101},T1,揽收,2026-11-20 08:00,x", "100"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(line: str, word: str) -> None:
    events, (bad,) = read_events(line, NOW)
    assert events == ()
    assert word in localized(bad.why, "zh-CN")
    assert bad.line == 1


def test_a_list_has_an_end() -> None:
    events, bad = read_events("x\n" * (MOST_LINES + 1), NOW)
    assert (events, len(bad)) == ((), 1)


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        ("1", 100),
        ("0", 0),
        ("29.70", 2970),
        ("0.001", None),
        ("-1", None),
        ("1e30", None),
        ("NaN", None),
        ("", None),
        ("∞", None),
    ],
)
def test_a_sum_is_read_exactly(written: str, fen: int | None) -> None:
    assert read_fen(written) == fen


def test_limits_rise_with_the_role() -> None:
    settings = Settings()
    roles = (["front_desk"], ["doctor"], ["service_supervisor"], ["front_desk", "team_leader"], ["director"])
    assert [limit_of(one, settings) // 100 for one in roles] == [200, 200, 1000, 1000, 10_000]


@pytest.mark.parametrize(
    ("data", "need"),
    [
        ({}, "basic"),
        ({"calcium_purpose": "elder"}, "basic"),
        ({"calcium_purpose": "sport"}, "situation"),
        ({"calcium_purpose": "daily", "pregnant": True}, "situation"),
        ({"calcium_purpose": "sport", "osteoporosis": True}, "treatment"),
        ({"calcium_purpose": "treatment"}, "treatment"),
    ],
)
def test_the_three_types_of_need_are_those_of_the_segments(data: dict[str, Any], need: str) -> None:
    assert need_of(data) == need


def test_a_share_of_nothing_is_no_number() -> None:
    assert percent(0, 0) is None
    assert percent(2, 3) == 66.7
