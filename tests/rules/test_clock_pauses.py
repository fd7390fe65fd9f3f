"""Pauses of a clock: half open, reason by reason, never un-breaching, and never longer than allowed."""

import pytest

from core.clocks.rules import (
    ClockRefused,
    Paused,
    Start,
    apply,
    fold,
)
from tests.rules.clocks import CALENDARS, HOUR, MINUTE, at, pause, plan, refusal, resume, start, state

WALL = plan(30, None)


def test_an_open_pause_means_no_due_time_and_shows_what_is_left() -> None:
    clock = state(start(), pause(2, "03-02 11:00"), now="03-03 09:00")
    assert (clock.status, clock.due_at, clock.remaining) == ("paused", None, 7 * HOUR)


def test_a_pause_is_half_open() -> None:
    moment = state(start(), pause(2, "03-02 11:00"), resume(3, "03-02 11:00"))
    assert moment.due_at == at("03-02 18:00")


def test_overlapping_pauses_are_one_and_each_reason_ends_by_itself() -> None:
    events = (
        start(),
        pause(2, "03-02 11:00"),
        pause(3, "03-02 12:00", "laboratory"),
        resume(4, "03-02 13:00", "customer"),
    )
    assert state(*events).status == "paused"
    clock = state(*events, resume(5, "03-02 14:00", "laboratory"))
    assert (clock.status, clock.due_at) == ("running", at("03-03 12:00"))
    assert [(pause.reason, pause.start) for pause in clock.pauses] == [
        ("customer", at("03-02 11:00")),
        ("laboratory", at("03-02 12:00")),
    ]


def test_pausing_never_un_breaches() -> None:
    broken = state(start(), pause(2, "03-03 10:00"), now="03-03 12:00")
    assert (broken.status, broken.due_at, broken.breached_at) == ("breached", at("03-02 18:00"), at("03-02 18:00"))
    at_the_due_time = state(start(), pause(2, "03-02 18:00"), now="03-02 18:30")
    assert at_the_due_time.status == "breached"


def test_a_milestone_that_is_not_pausable_refuses() -> None:
    assert refusal(start(given=plan(pausable=False)), pause(2, "03-02 11:00")) == "not-pausable"


def test_the_longest_pause_is_twice_the_target_then_the_clock_resumes_by_itself() -> None:
    events = (start(given=plan(60)), pause(2, "03-02 10:30"))
    held = state(*events, now="03-02 12:29")
    assert (held.status, held.due_at, held.auto_resume_at) == ("paused", None, at("03-02 12:30"))
    free = state(*events, now="03-02 12:30")
    assert (free.status, free.due_at, free.auto_resume_at) == ("running", at("03-02 13:00"), None)
    assert state(*events, now="03-02 14:00").status == "breached"


def test_the_resume_that_comes_late_is_stamped_at_the_limit() -> None:
    clock = state(start(given=plan(60)), pause(2, "03-02 10:30"), resume(3, "03-02 15:00"))
    assert clock.pauses[0].end == at("03-02 12:30")
    assert clock.due_at == at("03-02 13:00")


def test_the_longest_pause_counts_all_pauses_in_the_clocks_own_time() -> None:
    events = (start("03-02 17:00", plan(60, max_pause=90 * MINUTE)), pause(2, "03-02 17:10"), resume(3, "03-03 09:10"))
    held = state(*events, pause(4, "03-03 09:30"))
    assert held.auto_resume_at == at("03-03 10:00")  # 50 + 10 minutes before, the night is nobody's
    used_up = state(*events, pause(4, "03-03 09:30"), resume(5, "03-03 10:10"))
    assert used_up.pauses[-1].end == at("03-03 10:00")
    with pytest.raises(ClockRefused):
        apply(used_up, pause(6, "03-03 10:05", "expert"), CALENDARS)


def test_a_second_reason_inside_an_open_pause_needs_no_allowance_of_its_own() -> None:
    clock = state(start(given=plan(60)), pause(2, "03-02 10:30"), pause(3, "03-02 12:30", "expert"))
    assert clock.status == "running"  # both ended at the limit
    assert [pause.end for pause in clock.pauses] == [at("03-02 12:30")] * 2


def test_a_pause_may_be_without_limit() -> None:
    clock = state(start(given=plan(None)), pause(2, "03-02 11:00"), now="03-30 11:00")
    assert (clock.status, clock.auto_resume_at) == ("paused", None)


def test_a_calendar_that_runs_out_never_ends_a_pause() -> None:
    once = {"once": CALENDARS["office"].__class__("UTC", ((),) * 7, (), ((at("03-02 00:00").date(), ((0, 86_400),)),))}
    clock = fold([start(given=plan(1440, "once")), pause(2, "03-02 11:00")], once)
    assert clock.auto_resume_at is None


def test_no_allowance_at_all_ends_a_pause_where_it_begins() -> None:
    assert refusal(start(given=plan(60, max_pause=0)), pause(2, "03-02 11:00")) == "longest-pause-used-up"
    inherited = Start(seq=1, at=at("03-02 10:00"), plan=plan(60, max_pause=0), pauses=(Paused(at("03-02 10:00")),))
    assert fold([inherited], CALENDARS).due_at == at("03-02 11:00")


# --- 8: retargeting ----------------------------------------------------------------------------------------------
