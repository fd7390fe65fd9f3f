"""What decisions about a complaint do to its clocks (sla.md, rules 8 to 11)."""

from datetime import timedelta

import pytest

from core.clocks.rules import (
    Cancel,
    ClockRefused,
    Paused,
    Retarget,
    Start,
    apply,
    common_pauses,
    fold,
    merged,
    moved_over,
    preview,
    reopened,
    retarget_all,
    split_off,
)
from tests.rules.clocks import CALENDARS, HOUR, PAUSED, at, complete, pause, plan, resume, start, state


def test_new_severity_retargets_what_both_have_starts_what_is_new_and_supersedes_the_rest() -> None:
    states = {
        "contact": state(start(), complete(2, "03-02 10:10")),
        "solution": state(start()),
        "measure": state(start()),
    }
    plans = {
        "contact": plan(10, version="v2"),
        "solution": plan(120, version="v2"),
        "hearing": plan(1440, version="v2"),
    }
    changes = {c.milestone: c.event for c in retarget_all(states, plans, at=at("03-02 11:00"), seq=7, by="leader")}
    assert set(changes) == {"solution", "measure", "hearing"}  # the closed contact stays as it is
    assert changes["solution"] == Retarget(seq=7, at=at("03-02 11:00"), by="leader", plan=plans["solution"])
    assert changes["measure"] == Cancel(seq=8, at=at("03-02 11:00"), by="leader", reason="superseded")
    assert changes["hearing"] == Start(seq=9, at=at("03-02 11:00"), by="leader", plan=plans["hearing"])


def test_reopening_within_72_hours_goes_on_and_after_that_begins_afresh() -> None:
    closed = state(*PAUSED, complete(4, "03-02 16:00"))
    in_time = reopened(closed, mode="remaining", at=at("03-05 16:00"), seq=5)
    assert in_time.carried == 3 * HOUR
    assert reopened(closed, mode="remaining", at=at("03-05 16:00:01"), seq=5).carried == 0
    assert reopened(closed, mode="remaining", at=at("03-04 10:00"), seq=5, window=timedelta(hours=1)).carried == 0


def test_contact_restarts_in_full() -> None:
    closed = state(*PAUSED, complete(4, "03-02 16:00"))
    again = fold([reopened(closed, mode="full", at=at("03-04 10:00"), seq=5)], CALENDARS)
    assert (again.due_at, again.facts.cycle) == (at("03-04 18:00"), 2)


def test_the_first_breach_stays_on_the_record_over_cycles() -> None:
    late = state(start(), complete(2, "03-03 10:00"))
    again = fold([reopened(late, mode="remaining", at=at("03-04 10:00"), seq=3)], CALENDARS)
    assert again.due_at == at("03-04 10:00")  # nothing was left
    assert again.first_breached_at == at("03-02 18:00")
    full = fold([reopened(late, mode="full", at=at("03-04 10:00"), seq=3)], CALENDARS)
    done = apply(full, complete(4, "03-04 11:00"), CALENDARS)
    assert (done.status, done.first_breached_at) == ("met", at("03-02 18:00"))


def test_a_reopened_clock_that_is_retargeted_still_counts_what_was_used() -> None:
    closed = state(*PAUSED, complete(4, "03-02 16:00"))
    again = fold([reopened(closed, mode="remaining", at=at("03-04 10:00"), seq=5, plan=plan(version="v2"))], CALENDARS)
    shorter = apply(again, Retarget(seq=6, at=at("03-04 10:30"), plan=plan(240)), CALENDARS)
    assert shorter.due_at == at("03-04 11:00")


def test_only_a_closed_clock_is_reopened() -> None:
    with pytest.raises(ClockRefused):
        reopened(state(start()), mode="full", at=at("03-02 11:00"), seq=2)
    withdrawn = state(start(), Cancel(seq=2, at=at("03-02 11:00"), reason="withdrawn"))
    assert reopened(withdrawn, mode="remaining", at=at("03-03 10:00"), seq=3).carried == HOUR


def test_the_survivor_of_a_merge_keeps_the_earliest_start() -> None:
    survivor, loser = state(start("03-02 12:00")), state(start("03-02 10:00"))
    both = apply(survivor, merged(survivor, loser, at=at("03-02 13:00"), seq=2), CALENDARS)
    assert (both.facts.started_at, both.due_at) == (at("03-02 10:00"), at("03-02 18:00"))


def test_a_merge_into_the_past_is_stamped_at_the_merge() -> None:
    survivor, loser = state(start("03-03 12:00")), state(start("03-02 10:00"))
    both = apply(survivor, merged(survivor, loser, at=at("03-03 13:00"), seq=2), CALENDARS)
    assert (both.status, both.breached_at) == ("breached", at("03-03 13:00"))


def test_a_milestone_that_only_the_merged_complaint_had_moves_over_with_its_pauses() -> None:
    moved = fold([moved_over(state(*PAUSED), seq=9)], CALENDARS, at("03-02 15:00"))
    assert (moved.due_at, moved.consumed) == (at("03-03 12:00"), 2 * HOUR)


def test_common_pauses_are_the_time_in_which_both_were_paused() -> None:
    ten, eleven, noon, one = (at(f"03-02 {hour}:00") for hour in (10, 11, 12, 13))
    assert common_pauses([Paused(ten, noon)], [Paused(eleven, one)]) == (Paused(eleven, noon),)
    assert common_pauses([Paused(ten, eleven)], [Paused(eleven, noon)]) == ()
    assert common_pauses([Paused(ten)], [Paused(eleven)]) == (Paused(eleven),)
    assert common_pauses([Paused(ten)], [Paused(eleven, noon)]) == (Paused(eleven, noon),)
    assert common_pauses([Paused(ten)], []) == ()
    overlapping = [Paused(ten, noon), Paused(eleven, one), Paused(eleven, noon)]
    assert common_pauses(overlapping, [Paused(ten)]) == (Paused(ten, one),)
    assert common_pauses([Paused(ten, noon), Paused(eleven), Paused(one, None)], [Paused(noon)]) == (Paused(noon),)


def test_a_survivor_that_was_paused_alone_runs_after_the_merge() -> None:
    survivor, loser = state(start(), pause(2, "03-02 11:00")), state(start("03-02 12:00"))
    both = apply(survivor, merged(survivor, loser, at=at("03-02 13:00"), seq=3), CALENDARS)
    assert (both.status, both.due_at) == ("running", at("03-02 18:00"))


def test_the_child_of_a_split_starts_at_the_split() -> None:
    (contact, solution) = split_off({"contact": plan(30), "solution": plan(480)}, at=at("03-02 15:00"), seq=4)
    assert (contact.milestone, contact.event.seq, solution.event.seq) == ("contact", 4, 5)
    assert fold([solution.event], CALENDARS).due_at == at("03-03 14:00")


def test_a_migration_previews_how_many_move_and_how_many_would_breach() -> None:
    running, paused = state(start()), state(*PAUSED)
    change = Retarget(seq=9, at=at("03-02 15:00"), plan=plan(60))
    pairs = [(each, apply(each, change, CALENDARS)) for each in (running, paused)]
    pairs.append((running, running))
    found = preview(pairs)
    assert (found.moved, found.breached) == (2, 2)
    assert resume(1, "03-02 10:00").reason is None
