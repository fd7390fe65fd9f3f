"""The state machine of a clock and rules 7 to 13 of sla.md, one test a sentence."""

from datetime import timedelta

import msgspec
import pytest

from core.clocks.rules import (
    At,
    Cancel,
    Complete,
    Override,
    Pause,
    Paused,
    Plan,
    Recalendar,
    Reopen,
    Retarget,
    Start,
    apply,
    event_data,
    explain_clock,
    plan_of,
    read_events,
    settle,
)
from core.hooks.records.complaints import EscalationStep, Milestone
from tests.rules.clocks import CALENDARS, HOUR, MINUTE, PAUSED, at, complete, pause, plan, refusal, resume, start, state

WALL = plan(30, None)


# --- the machine -------------------------------------------------------------------------------------------------


def test_a_started_clock_runs_then_breaches_when_its_due_time_passes() -> None:
    assert state(start(), now="03-02 17:59").status == "running"
    broken = state(start(), now="03-02 18:00")
    assert (broken.status, broken.breached_at) == ("breached", at("03-02 18:00"))


def test_a_running_clock_is_met_and_a_breached_one_met_late() -> None:
    assert state(start(), complete(2, "03-02 12:00")).status == "met"
    late = state(start(), complete(2, "03-03 10:00"))
    assert (late.status, late.breached_at) == ("met_late", at("03-02 18:00"))
    assert not late.live


def test_a_paused_clock_is_met_too() -> None:
    met = state(start(), pause(2, "03-02 11:00"), complete(3, "03-03 12:00"))
    assert (met.status, met.consumed, met.auto_resume_at) == ("met", HOUR, None)


@pytest.mark.parametrize("events", [(), (pause(2, "03-02 11:00"),)])
def test_any_live_clock_can_be_cancelled(events: tuple[Pause, ...]) -> None:
    cancelled = state(start(), *events, Cancel(seq=9, at=at("03-02 12:00"), reason="withdrawn"))
    assert (cancelled.status, cancelled.facts.cancel_reason) == ("cancelled", "withdrawn")


def test_a_breach_before_the_cancellation_stays_on_the_record() -> None:
    cancelled = state(start(), Cancel(seq=2, at=at("03-03 12:00"), reason="merged"))
    assert (cancelled.status, cancelled.first_breached_at) == ("cancelled", at("03-02 18:00"))


def test_a_closed_clock_takes_one_reopening_and_nothing_else() -> None:
    closed = (start(), complete(2, "03-02 12:00"))
    again = state(*closed, Reopen(seq=3, at=at("03-04 12:00"), cycle=2))
    assert (again.status, again.facts.reopened_as) == ("met", 2)
    assert refusal(
        *closed, Reopen(seq=3, at=at("03-04 12:00"), cycle=2), Reopen(seq=4, at=at("03-05 12:00"), cycle=3)
    ) == ("already-reopened")
    assert refusal(*closed, pause(3, "03-02 13:00")) == "closed"
    assert refusal(*closed, complete(3, "03-02 13:00")) == "closed"
    assert refusal(*closed, Retarget(seq=3, at=at("03-02 13:00"), plan=plan(1))) == "closed"


def test_what_the_machine_has_no_arrow_for_is_refused() -> None:
    assert refusal() == "no-events"
    assert refusal(pause(1, "03-02 11:00")) == "not-started"
    assert refusal(start(), Start(seq=2, at=at("03-02 11:00"), plan=plan())) == "already-started"
    assert refusal(start(), resume(2, "03-02 11:00")) == "not-paused"
    assert refusal(start(), pause(2, "03-02 11:00"), pause(3, "03-02 12:00")) == "already-paused"
    assert refusal(start(), pause(2, "03-02 11:00"), resume(3, "03-02 12:00", "expert")) == "not-paused"
    assert refusal(start(), Reopen(seq=2, at=at("03-02 11:00"), cycle=2)) == "not-closed"
    assert refusal(start(), pause(2, "03-02 09:00")) == "before-start"


def test_events_carry_a_rising_number() -> None:
    assert refusal(start(), pause(1, "03-02 11:00")) == "out-of-order"


# --- 4: wall or calendar -----------------------------------------------------------------------------------------


def test_a_wall_clock_runs_through_night_and_weekend() -> None:
    assert state(start("03-06 17:50", WALL)).due_at == at("03-06 18:20")


def test_within_30_minutes_includes_the_thirtieth() -> None:
    assert state(start("03-02 10:00", WALL), complete(2, "03-02 10:30:00")).status == "met"
    assert state(start("03-02 10:00", WALL), complete(2, "03-02 10:30:00.900")).status == "met"  # whole seconds
    assert state(start("03-02 10:00", WALL), complete(2, "03-02 10:30:01")).status == "met_late"


def test_working_days_are_a_unit_of_their_own() -> None:
    days = plan(None, "mainland", days=45, pausable=False)
    clock = state(start("03-02 10:00", days))
    assert clock.due_at == at("05-07 18:00")
    assert clock.remaining == 44 * 9 * HOUR + 8 * HOUR
    moved = Recalendar(seq=2, at=at("03-02 12:00"), calendar="office@2", effective_from=at("03-03 00:00"))
    assert state(start("03-02 10:00", plan(None, "office", days=2, pausable=False)), moved).due_at == at("03-04 18:00")


def test_a_milestone_without_a_deadline_only_has_to_happen() -> None:
    clock = state(start(given=plan(None, None)), now="03-30 10:00")
    assert (clock.due_at, clock.remaining, clock.status) == (None, None, "running")
    assert state(start(given=plan(None, None)), complete(2, "03-30 10:00")).status == "met"


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 60, "days": 1, "calendar": "office"},
        {"days": 1},
        {"days": 1, "calendar": "office", "pausable": True},
        {"seconds": -1},
    ],
)
def test_a_plan_that_cannot_be_computed_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"a plan|working days|a budget"):
        Plan(policy_version="v1", **wrong)  # type: ignore[arg-type] # wrong on purpose
    with pytest.raises(ValueError, match="either fraction or seconds"):
        At()


# --- 7: pauses ---------------------------------------------------------------------------------------------------


def test_a_retarget_keeps_start_and_pauses_even_when_less_pause_is_allowed_now() -> None:
    clock = state(*PAUSED, Retarget(seq=4, at=at("03-02 14:05"), plan=plan(80, version="v2")))
    assert clock.due_at == at("03-02 14:20")


def test_a_retarget_into_the_past_is_stamped_at_the_change_and_completed_late() -> None:
    events = (*PAUSED, Retarget(seq=4, at=at("03-02 15:00"), plan=plan(60)))
    clock = state(*events, complete(5, "03-02 15:30"))
    assert (clock.status, clock.due_at, clock.breached_at) == ("met_late", at("03-02 11:00"), at("03-02 15:00"))
    assert clock.overrun_wall == 4 * HOUR + 30 * MINUTE


def test_a_retarget_that_gives_more_time_revives_the_clock_but_the_first_breach_stays() -> None:
    broken = (start(given=plan(60)), Retarget(seq=2, at=at("03-02 12:00"), plan=plan(480)))
    clock = state(*broken)
    assert (clock.status, clock.due_at) == ("running", at("03-02 18:00"))
    assert (clock.first_breached_at, clock.breached_at) == (at("03-02 11:00"), None)
    by_retarget = state(*PAUSED, Retarget(seq=4, at=at("03-02 15:00"), plan=plan(60)))
    once_more = apply(by_retarget, Retarget(seq=5, at=at("03-02 16:00"), plan=plan(480)), CALENDARS)
    assert (once_more.status, once_more.first_breached_at) == ("running", at("03-02 15:00"))
    later = settle(once_more.facts, CALENDARS, at("03-04 10:00"))
    assert (later.status, later.breached_by_retarget) == ("breached", False)


def test_a_breach_by_retarget_stays_one_when_the_target_shrinks_again() -> None:
    clock = state(
        *PAUSED,
        Retarget(seq=4, at=at("03-02 15:00"), plan=plan(60)),
        Retarget(seq=5, at=at("03-02 16:00"), plan=plan(30)),
    )
    assert (clock.breached_by_retarget, clock.first_breached_at) == (True, at("03-02 15:00"))


def test_a_breach_before_the_retarget_is_not_one_by_the_retarget() -> None:
    clock = state(start(given=plan(60)), Retarget(seq=2, at=at("03-02 12:00"), plan=plan(30)))
    assert (clock.breached_by_retarget, clock.first_breached_at) == (False, at("03-02 11:00"))


def test_a_retarget_to_a_milestone_that_is_not_pausable_ends_the_pause() -> None:
    clock = state(start(), pause(2, "03-02 11:00"), Retarget(seq=3, at=at("03-02 12:00"), plan=plan(pausable=False)))
    assert (clock.status, clock.due_at) == ("running", at("03-03 10:00"))


def test_a_retarget_with_less_allowance_ends_an_open_pause_at_the_change_not_before() -> None:
    clock = state(start(), pause(2, "03-02 11:00"), Retarget(seq=3, at=at("03-02 15:00"), plan=plan(90)))
    assert clock.pauses[0].end == at("03-02 15:00")
    assert clock.due_at == at("03-02 15:30")


def test_a_retarget_to_another_clock_measures_again_from_the_start() -> None:
    clock = state(start("03-06 17:00"), Retarget(seq=2, at=at("03-06 17:30"), plan=plan(120, None)))
    assert clock.due_at == at("03-06 19:00")


def test_a_retarget_on_the_newest_version_of_its_calendar_does_not_reach_back() -> None:
    edit = Recalendar(seq=2, at=at("03-03 12:00"), calendar="office@2", effective_from=at("03-04 00:00"))
    clock = state(start("03-02 17:00"), edit, Retarget(seq=3, at=at("03-03 13:00"), plan=plan(600, "office@2")))
    assert clock.due_at == at("03-03 18:00")  # the 3rd was open while the old version held


# --- 9: versions -------------------------------------------------------------------------------------------------


def test_consumed_time_never_changes_by_an_edit_of_the_calendar() -> None:
    before = state(start(), now="03-03 12:00")
    edit = Recalendar(seq=2, at=at("03-03 12:00"), calendar="office@2", effective_from=at("03-01 00:00"))
    clock = apply(before, edit, CALENDARS)
    assert clock.consumed == before.consumed == 11 * HOUR
    assert settle(clock.facts, CALENDARS, at("03-03 17:00")).consumed == 11 * HOUR  # closed from the edit on


def test_an_edit_that_comes_before_another_takes_its_place() -> None:
    later = Recalendar(seq=2, at=at("03-02 11:00"), calendar="mainland", effective_from=at("03-09 00:00"))
    sooner = Recalendar(seq=3, at=at("03-02 12:00"), calendar="office@2", effective_from=at("03-03 00:00"))
    clock = state(start(), later, sooner)
    assert [name for _, name in clock.facts.spans] == ["office", "office@2"]


def test_a_wall_clock_has_no_calendar_to_edit() -> None:
    edit = Recalendar(seq=2, at=at("03-02 11:00"), calendar="office@2", effective_from=at("03-03 00:00"))
    assert refusal(start(given=WALL), edit) == "wall-clock"


# --- 12 and 13: facts and lateness -------------------------------------------------------------------------------


def test_a_fact_of_the_past_needs_an_approver_and_then_counts_at_its_own_time() -> None:
    assert refusal(start(), complete(2, "03-02 17:00", "03-02 19:00")) == "back-dating-needs-an-approver"
    clock = state(start(), complete(2, "03-02 17:00", "03-02 19:00", "director"))
    assert (clock.status, clock.first_breached_at) == ("met", None)


def test_a_fact_is_neither_in_the_future_nor_before_the_start() -> None:
    assert refusal(start(), complete(2, "03-02 12:00", "03-02 11:00")) == "in-the-future"
    assert refusal(start(), complete(2, "03-02 09:00", "03-02 11:00", "director")) == "before-start"


def test_a_fact_in_time_takes_back_a_breach_that_was_noted_at_a_change() -> None:
    broken = (start(given=plan(60)), Retarget(seq=2, at=at("03-02 12:00"), plan=plan(480)))
    assert state(*broken, complete(3, "03-02 10:30", "03-02 13:00", "director")).first_breached_at is None


def test_overrun_is_told_in_wall_time_and_in_the_clocks_own_time() -> None:
    late = state(start(), complete(2, "03-03 10:00"))
    assert (late.overrun_wall, late.overrun_open) == (16 * HOUR, HOUR)
    assert (state(start()).overrun_wall, state(start()).overrun_open) == (0, 0)


def test_a_breach_is_arithmetic_and_not_when_somebody_looked() -> None:
    for now in ("03-02 18:00", "03-05 09:00", "03-30 09:00"):
        assert state(start(), now=now).breached_at == at("03-02 18:00")


# --- override ----------------------------------------------------------------------------------------------------


def test_a_person_may_set_the_due_time_and_it_stands_to_the_second_even_after_hours() -> None:
    clock = state(start(), Override(seq=2, at=at("03-02 12:00"), due_at=at("03-03 20:00"), by="director"))
    assert (clock.due_at, clock.remaining) == (at("03-03 20:00"), 15 * HOUR)


def test_pauses_after_that_move_it_and_pauses_behind_it_do_not() -> None:
    set_at = Override(seq=2, at=at("03-02 12:00"), due_at=at("03-02 17:00"))
    assert state(start(), set_at, pause(3, "03-02 13:00")).due_at is None
    assert state(start(), set_at, pause(3, "03-02 13:00"), resume(4, "03-02 14:00")).due_at == at("03-02 18:00")
    assert state(start(), set_at, pause(3, "03-02 17:00"), resume(4, "03-02 17:30")).due_at == at("03-02 17:00")


def test_a_due_time_set_during_a_pause_waits_for_its_end() -> None:
    set_at = Override(seq=3, at=at("03-02 12:00"), due_at=at("03-02 17:00"))
    assert state(start(), pause(2, "03-02 11:00"), set_at).due_at is None
    assert state(start(), pause(2, "03-02 11:00"), set_at, resume(4, "03-02 12:30")).due_at == at("03-02 17:30")


def test_a_due_time_is_not_set_into_the_past() -> None:
    assert refusal(start(), Override(seq=2, at=at("03-02 12:00"), due_at=at("03-02 11:00"))) == "due-in-the-past"


def test_a_retarget_takes_the_place_of_a_due_time_a_person_set() -> None:
    set_at = Override(seq=2, at=at("03-02 12:00"), due_at=at("03-03 20:00"))
    assert state(start(), set_at, Retarget(seq=3, at=at("03-02 13:00"), plan=plan())).due_at == at("03-02 18:00")


# --- records -----------------------------------------------------------------------------------------------------


def test_events_are_rows_and_come_back_as_they_were() -> None:
    events = (
        *PAUSED,
        Retarget(seq=4, at=at("03-02 15:00"), plan=plan(240)),
        Recalendar(seq=5, at=at("03-02 15:10"), calendar="office@2", effective_from=at("03-03 00:00")),
        Override(seq=6, at=at("03-02 15:20"), due_at=at("03-02 17:30"), pauses=(Paused(at("03-02 11:00")),)),
        Complete(seq=7, at=at("03-02 16:00"), recorded_at=at("03-02 16:00")),
        Reopen(seq=8, at=at("03-03 16:00"), cycle=2),
        Cancel(seq=9, at=at("03-03 17:00"), reason="merged"),
    )
    rows = msgspec.json.decode(msgspec.json.encode([event_data(event) for event in reversed(events)]))
    assert rows[0]["kind"] == "cancel"
    assert read_events(rows) == events


def test_a_plugins_milestone_becomes_a_plan() -> None:
    milestone = Milestone(
        id="ack_contact",
        label="First contact",
        minutes=30,
        owner_role="service_supervisor",
        warnings=(0.5,),
        steps=(
            EscalationStep(role="director", minutes=10, need_ack=True, ack_timeout=5, next="counsel"),
            EscalationStep(role="leader", fraction=0.0),
        ),
    )
    made = plan_of(milestone, "v7")
    assert (made.seconds, made.policy_version, made.warnings) == (1800, "v7", (At(fraction=0.5),))
    assert (made.steps[0].at, made.steps[0].ack_seconds, made.steps[0].next) == (At(seconds=600), 300, "counsel")
    assert made.steps[1].at == At(fraction=0.0)
    assert plan_of(Milestone(id="x", label="x", owner_role="y", clock="office"), "v7", "office@2").seconds is None


def test_a_clock_explains_its_due_time() -> None:
    told = explain_clock(state(*PAUSED), CALENDARS)
    assert (told.due, told.budget) == (at("03-03 12:00"), 8 * HOUR)
    assert told.pauses == ((at("03-02 11:00"), at("03-02 14:00")),)
    assert [day.counted for day in told.days] == [5 * HOUR, 3 * HOUR]
    held = explain_clock(state(start(), pause(2, "03-02 11:00"), now="03-03 10:00"), CALENDARS)
    assert (held.due, [day.counted for day in held.days]) == (None, [HOUR, 0])


def test_as_of_an_earlier_instant_nothing_that_is_to_come_counts() -> None:
    assert state(start()).consumed == 0
    assert state(start(), now="03-02 12:00").consumed == 2 * HOUR
    assert state(start(), complete(2, "03-02 12:00")).as_of - at("03-02 10:00") == timedelta(hours=2)
