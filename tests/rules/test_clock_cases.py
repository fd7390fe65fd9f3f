"""What other helpdesks assert of their own clocks, in our words: ERPNext (issue tests), Zammad (escalation spec), Znuny."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.calendars.rules import due, elapsed, instant_of, parse_calendar, seconds_of
from core.clocks.rules import (
    At,
    Cancel,
    ClockEvent,
    Plan,
    Retarget,
    Step,
    Told,
    fold,
    merged,
    next_stage,
    reopened,
    ripe,
    split_off,
)
from tests.rules.clocks import CALENDARS, HOUR, MINUTE, at, complete, pause, plan, resume, start, state

KOLKATA = ZoneInfo("Asia/Kolkata")
DAYS = ("mon", "tue", "wed", "thu", "fri")
ERPNEXT = parse_calendar(
    {
        "tz": "Asia/Kolkata",
        "hours": {day: [["10:00", "18:00"]] for day in DAYS},
        "holidays": ["2019-03-05"],
    }
)


def local(text: str) -> int:
    return seconds_of(datetime.fromisoformat(text).replace(tzinfo=KOLKATA))


# ERPNext: time to the first response, office hours 10 to 18 from Monday to Friday; 28 June 2021 is a Monday. Where
# nothing was open between the two, ERPNext writes one second and we write none.
ANSWERED = [
    ("06-28 11:00", "06-28 12:00", 3600),
    ("06-28 12:00", "06-28 20:00", 21600),
    ("06-28 06:00", "06-28 12:00", 7200),
    ("06-28 19:00", "06-28 20:00", 0),
    ("06-27 10:00", "06-27 11:00", 0),
    ("06-28 06:00", "06-29 06:00", 28800),
    ("06-28 06:00", "06-29 11:00", 32400),
    ("06-28 06:00", "06-29 20:00", 57600),
    ("06-25 06:00", "06-26 11:00", 28800),
    ("06-28 12:00", "06-29 06:00", 21600),
    ("06-28 12:00", "06-29 11:00", 25200),
    ("06-28 12:00", "06-29 20:00", 50400),
    ("06-25 12:00", "06-26 11:00", 21600),
    ("06-28 20:00", "06-29 06:00", 0),
    ("06-28 20:00", "06-29 11:00", 3600),
    ("06-28 20:00", "06-29 20:00", 28800),
    ("06-25 20:00", "06-26 11:00", 0),
    ("06-28 06:00", "07-01 06:00", 86400),
    ("06-28 06:00", "07-01 11:00", 90000),
    ("06-28 06:00", "07-01 20:00", 115200),
    ("06-25 06:00", "06-27 11:00", 28800),
    ("06-28 12:00", "07-01 06:00", 79200),
    ("06-28 12:00", "07-01 11:00", 82800),
    ("06-28 12:00", "07-01 20:00", 108000),
    ("06-25 12:00", "06-27 11:00", 21600),
    ("06-28 20:00", "07-01 06:00", 57600),
    ("06-28 20:00", "07-01 11:00", 61200),
    ("06-28 20:00", "07-01 20:00", 86400),
    ("06-25 20:00", "06-27 11:00", 0),
]


@pytest.mark.parametrize(("asked", "answered", "seconds"), ANSWERED)
def test_erpnext_time_to_the_first_response_counts_office_hours_only(asked: str, answered: str, seconds: int) -> None:
    assert elapsed(ERPNEXT, local(f"2021-{asked}"), local(f"2021-{answered}")) == seconds


# ERPNext: a response and a resolution each; 5 March 2019 is a holiday.
PROMISED = [
    ("2019-03-04 12:00", 2, "2019-03-04 14:00"),
    ("2019-03-04 12:00", 3, "2019-03-04 15:00"),
    ("2019-03-04 12:00", 4, "2019-03-04 16:00"),
    ("2019-03-04 12:00", 6, "2019-03-04 18:00"),
    ("2019-03-04 07:00", 4, "2019-03-04 14:00"),
    ("2019-03-04 07:00", 6, "2019-03-04 16:00"),
    ("2019-03-04 20:00", 4, "2019-03-06 14:00"),
    ("2019-03-04 20:00", 6, "2019-03-06 16:00"),
    ("2019-03-04 14:00", 4, "2019-03-04 18:00"),
    ("2019-03-04 14:00", 6, "2019-03-06 12:00"),
]


@pytest.mark.parametrize(("asked", "hours", "promised"), PROMISED)
def test_erpnext_promises_skip_nights_and_holidays_and_may_end_at_closing(
    asked: str, hours: int, promised: str
) -> None:
    assert due(ERPNEXT, local(asked), hours * HOUR) == local(promised)
    assert elapsed(ERPNEXT, local(asked), local(promised)) == hours * HOUR


def test_erpnext_holds_by_the_wall_clock_ours_only_in_open_time() -> None:
    # ERPNext adds the 45 minutes of a hold before opening (16:45); sla.md, rule 5 skips time that is not open anyway.
    held = [(local("2020-03-04 04:15"), local("2020-03-04 05:00"))]
    assert due(ERPNEXT, local("2020-03-04 04:00"), 6 * HOUR, held) == local("2020-03-04 16:00")
    held = [(local("2020-03-04 11:15"), local("2020-03-04 12:00"))]
    assert due(ERPNEXT, local("2020-03-04 10:00"), 6 * HOUR, held) == local("2020-03-04 16:45")


# Znuny, suspended escalation: created 08:00 with two hours to solve, waiting for the customer from 09:00 to 10:05.
@pytest.mark.parametrize(
    ("now", "shown"),
    [("03-02 08:30", "03-02 10:00"), ("03-02 10:05", "03-02 11:05"), ("03-02 10:30", "03-02 11:05")],
)
def test_znuny_waiting_for_the_customer_moves_the_deadline_by_the_wait(now: str, shown: str) -> None:
    events: list[ClockEvent] = [
        start("03-02 08:00", plan(120, None)),
        pause(2, "03-02 09:00"),
        resume(3, "03-02 10:05"),
    ]
    known = [event for event in events if event.at <= at(now)]
    assert state(*known, now=now).due_at == at(shown)


def test_znuny_after_the_wait_it_escalates_at_the_moved_instant() -> None:
    events = (start("03-02 08:00", plan(120, None)), pause(2, "03-02 09:00"), resume(3, "03-02 10:05"))
    assert state(*events, now="03-02 11:04:59").status == "running"
    assert state(*events, complete(4, "03-02 11:05")).status == "met"  # done at its due time it is in time
    late = state(*events, now="03-02 11:05")
    assert (late.status, late.breached_at) == ("breached", at("03-02 11:05"))


def test_znuny_while_waiting_no_deadline_is_shown_and_nothing_is_told() -> None:
    waiting = state(start("03-02 08:00", plan(120, None, warnings=())), pause(2, "03-02 09:00"), now="03-02 10:00")
    assert waiting.due_at is None
    assert ripe(waiting, CALENDARS, (), at("03-02 10:00")) == ()


@pytest.mark.parametrize(("minutes", "expected"), [(60, "03-02 11:00"), (180, "03-02 13:00"), (240, "03-02 14:00")])
def test_zammad_first_response_update_and_solution_have_a_clock_each(minutes: int, expected: str) -> None:
    assert state(start("03-02 10:00", plan(minutes, None))).due_at == at(expected)


def test_zammad_a_pending_time_extends_the_solution_by_its_length() -> None:
    events = (start("03-02 10:00", plan(75, None)), pause(2, "03-02 11:30"), resume(3, "03-02 12:00"))
    assert state(*events).due_at == at("03-02 11:15")  # it was over before the pause, which takes nothing back
    early = (start("03-02 10:00", plan(75, None)), pause(2, "03-02 10:10"), resume(3, "03-02 10:20"))
    assert state(*early).due_at == at("03-02 11:25")


def test_zammad_a_closed_case_never_escalates() -> None:
    closed = state(start("03-02 10:00", plan(60, None)), complete(2, "03-02 10:30"), now="03-05 10:00")
    assert closed.status == "met"
    assert next_stage(closed, CALENDARS) is None
    gone = state(start("03-02 10:00", plan(60, None)), Cancel(seq=2, at=at("03-02 10:30"), reason="withdrawn"))
    assert next_stage(gone, CALENDARS) is None


def test_zammad_answering_the_first_clock_leaves_the_others_running() -> None:
    answered = state(start("03-02 10:00", plan(60, None)), complete(2, "03-02 10:30"))
    solution = state(start("03-02 10:00", plan(240, None)), now="03-02 10:30")
    assert (answered.status, solution.status, solution.due_at) == ("met", "running", at("03-02 14:00"))


def test_zammad_the_next_escalation_is_the_earliest_of_all() -> None:
    steps = (Step(role="leader", at=At(fraction=1.0)),)
    clocks = [state(start("03-02 10:00", plan(minutes, None, warnings=(), steps=steps))) for minutes in (240, 60, 180)]
    found = [stage.at for clock in clocks if (stage := next_stage(clock, CALENDARS))]
    assert min(found) == at("03-02 11:00")


def test_zammad_minutes_used_and_left_over_are_told_when_answered() -> None:
    late = state(start("03-02 10:00", plan(60, None)), complete(2, "03-02 11:15"))
    assert late.status == "met_late"
    assert late.facts.completed_at is not None
    assert late.due_at is not None
    assert (late.facts.completed_at - late.due_at) == timedelta(minutes=15)


def test_zammad_nothing_that_was_told_is_told_again() -> None:
    steps = (Step(role="leader", at=At(fraction=1.0)),)
    clock = state(start("03-02 10:00", plan(60, None, steps=steps)), now="03-02 12:00")
    first = ripe(clock, CALENDARS, (), at("03-02 12:00"))
    assert first
    told = [Told(name=stage.name, policy_version="v1", at=stage.at) for stage in first]
    assert ripe(clock, CALENDARS, told, at("03-04 12:00")) == ()


def test_a_raised_priority_shortens_and_a_lowered_one_lengthens_from_the_same_start() -> None:
    base = (start("03-02 10:00", plan(240, None)),)
    urgent = Retarget(seq=2, at=at("03-02 10:30"), plan=plan(60, None, version="v2"))
    assert state(*base, urgent).due_at == at("03-02 11:00")
    relaxed = Retarget(seq=3, at=at("03-02 10:40"), plan=plan(480, None, version="v3"))
    assert state(*base, urgent, relaxed).due_at == at("03-02 18:00")


def test_reopened_at_once_the_solution_has_what_was_left_and_a_new_answer_all_its_time() -> None:
    closed = state(start("03-02 10:00", plan(240, None)), complete(2, "03-02 11:00"))
    rest = fold([reopened(closed, mode="remaining", at=at("03-02 12:00"), seq=3)], CALENDARS)
    full = fold([reopened(closed, mode="full", at=at("03-02 12:00"), seq=3)], CALENDARS)
    assert (rest.due_at, full.due_at) == (at("03-02 15:00"), at("03-02 16:00"))


def test_merged_cases_keep_the_earliest_promise() -> None:
    survivor, loser = state(start("03-02 12:00", plan(60, None))), state(start("03-02 11:30", plan(60, None)))
    joined = merged(survivor, loser, at=at("03-02 12:10"), seq=2)
    assert state(start("03-02 12:00", plan(60, None)), joined).due_at == at("03-02 12:30")


def test_a_case_split_off_starts_when_it_is_split_off() -> None:
    (change,) = split_off({"contact": plan(30, None)}, at=at("03-02 15:00"), seq=1)
    assert fold([change.event], CALENDARS).due_at == at("03-02 15:30")


@pytest.mark.parametrize(("paused", "resumed"), [("03-02 18:00", "03-03 09:00"), ("03-07 10:00", "03-08 12:00")])
def test_waiting_while_the_office_is_closed_costs_nothing(paused: str, resumed: str) -> None:
    plain = state(start("03-02 17:00", plan(3000)))
    waited = state(start("03-02 17:00", plan(3000)), pause(2, paused), resume(3, resumed))
    assert waited.due_at == plain.due_at


def test_summer_time_neither_lengthens_nor_shortens_office_hours() -> None:
    berlin = parse_calendar({"tz": "Europe/Berlin", "hours": {day: [["09:00", "17:00"]] for day in DAYS}})
    for friday, monday in (("2026-03-27", "2026-03-30"), ("2026-10-23", "2026-10-26")):
        zone = ZoneInfo("Europe/Berlin")
        asked = seconds_of(datetime.fromisoformat(f"{friday} 16:00").replace(tzinfo=zone))
        found = due(berlin, asked, 120 * MINUTE)
        assert isinstance(found, int)
        assert instant_of(found).astimezone(zone).strftime("%Y-%m-%d %H:%M") == f"{monday} 10:00"


def test_pauses_that_overlap_count_once() -> None:
    clock = fold(
        [start("03-02 10:00", Plan(policy_version="v1", calendar=None, seconds=HOUR, pausable=True))], CALENDARS
    )
    assert clock.due_at == at("03-02 11:00")
    one, two = (
        (local("2021-06-28 11:00"), local("2021-06-28 12:00")),
        (local("2021-06-28 11:30"), local("2021-06-28 12:30")),
    )
    assert due(ERPNEXT, local("2021-06-28 10:00"), 2 * HOUR, [one, two]) == local("2021-06-28 13:30")
