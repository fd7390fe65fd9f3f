"""What a clock tells and when: warnings, due, escalation, catching up (sla.md, rules 14 to 16)."""

from datetime import datetime, timedelta

import pytest

from core.clocks.rules import (
    At,
    Cancel,
    ClockState,
    Override,
    Plan,
    Retarget,
    Stage,
    Start,
    Step,
    Told,
    fold,
    next_stage,
    ripe,
    stages,
    untold,
)
from tests.rules.clocks import CALENDARS, FRACTIONS, HOUR, at, complete, pause, plan, resume, start, state

CHAIN = (
    Step(role="leader", at=At(fraction=0.0)),
    Step(role="director", at=At(fraction=1.0), channel="sms", need_ack=True, ack_seconds=600, next="counsel"),
    Step(role="owner", at=At(seconds=1800)),
)
WALL = plan(60, None, warnings=FRACTIONS, steps=CHAIN)


def told_by(clock: ClockState, *names: str) -> list[Told]:
    version = clock.facts.plan.policy_version
    by_name = {stage.name: stage.at for stage in stages(clock, CALENDARS)}
    return [Told(name=name, policy_version=version, at=by_name[name]) for name in names]


def named(found: tuple[Stage, ...]) -> list[tuple[str, datetime]]:
    return [(stage.name, stage.at) for stage in found]


def test_a_clock_tells_in_due_order() -> None:
    assert named(stages(state(start(given=WALL)), CALENDARS)) == [
        ("step 1", at("03-02 10:00")),
        ("warning 50 %", at("03-02 10:30")),
        ("warning 75 %", at("03-02 10:45")),
        ("warning 90 %", at("03-02 10:54")),
        ("due", at("03-02 11:00")),
        ("step 2", at("03-02 11:00")),
        ("step 3", at("03-02 11:30")),
    ]


def test_t_minus_x_is_counted_in_the_clocks_own_time_and_never_before_the_start() -> None:
    clock = state(start("03-02 17:30", plan(60, warnings=(At(seconds=-2400), At(seconds=-9000)))))
    assert named(stages(clock, CALENDARS)) == [
        ("warning -9000 s", at("03-02 17:30")),
        ("warning -2400 s", at("03-02 17:50")),
        ("due", at("03-03 09:30")),
    ]


def test_a_fraction_is_rounded_to_the_nearest_second() -> None:
    third = Plan(policy_version="v1", seconds=100, warnings=(At(fraction=0.333), At(fraction=0.335)))
    assert [stage.at.second for stage in stages(state(start(given=third)), CALENDARS)][:2] == [33, 34]


def test_a_clock_owns_one_instant_and_none_when_all_is_told() -> None:
    clock = state(start(given=WALL))
    first = next_stage(clock, CALENDARS)
    assert first is not None
    assert first.name == "step 1"
    told = told_by(clock, *(name for name, _ in named(stages(clock, CALENDARS))))
    acknowledged = [Told(name=t.name, policy_version=t.policy_version, at=t.at, acknowledged=True) for t in told]
    assert next_stage(clock, CALENDARS, acknowledged) is None


def test_after_an_outage_everything_is_told_once_and_in_due_order() -> None:
    clock = state(start(given=WALL), now="03-02 11:10")
    told = told_by(clock, "step 1", "warning 50 %")
    found = ripe(clock, CALENDARS, told, at("03-02 11:10"))
    assert [stage.name for stage in found] == ["warning 75 %", "warning 90 %", "due", "step 2"]
    told += told_by(clock, *(stage.name for stage in found))
    assert ripe(clock, CALENDARS, told, at("03-02 11:09")) == ()


def test_a_step_that_nobody_acknowledges_goes_on_to_the_next_role() -> None:
    clock = state(start(given=WALL))
    told = told_by(clock, "due", "step 2")
    later = {stage.name: stage for stage in untold(clock, CALENDARS, told)}
    assert later["step 2 unacknowledged"].at == at("03-02 11:10")
    assert (later["step 2 unacknowledged"].role, later["step 2 unacknowledged"].channel) == ("counsel", "sms")
    answered = [Told(name="step 2", policy_version="v1", at=at("03-02 11:00"), acknowledged=True)]
    assert "step 2 unacknowledged" not in {stage.name for stage in untold(clock, CALENDARS, answered)}
    without_need = [Told(name="step 1", policy_version="v1", at=at("03-02 10:00"))]
    assert len(stages(clock, CALENDARS, without_need)) == 7


def test_the_role_after_the_one_that_has_nobody_on_duty_is_known() -> None:
    roles = {stage.name: (stage.role, stage.next_role) for stage in stages(state(start(given=WALL)), CALENDARS)}
    assert roles["step 2"] == ("director", "counsel")
    assert roles["due"] == (None, None)


def test_a_paused_clock_tells_nothing_but_the_end_of_the_longest_pause() -> None:
    clock = state(start(given=WALL), pause(2, "03-02 10:40"))
    assert named(stages(clock, CALENDARS)) == [
        ("step 1", at("03-02 10:00")),
        ("warning 50 %", at("03-02 10:30")),
        ("auto-resume-1", at("03-02 12:40")),
    ]


def test_stages_move_with_a_pause_and_those_told_are_not_told_again() -> None:
    before = state(start(given=WALL))
    told = told_by(before, "step 1", "warning 50 %")
    after = state(start(given=WALL), pause(2, "03-02 10:40"), resume(3, "03-02 11:40"))
    assert named(untold(after, CALENDARS, told))[:2] == [
        ("warning 75 %", at("03-02 11:45")),
        ("warning 90 %", at("03-02 11:54")),
    ]


def test_a_new_policy_version_tells_its_own_stages_and_none_in_the_past() -> None:
    retarget = Retarget(seq=2, at=at("03-02 10:50"), plan=plan(40, None, "v2", warnings=FRACTIONS[:1]))
    clock = state(start(given=WALL), retarget)
    told = [Told(name="warning 50 %", policy_version="v1", at=at("03-02 10:30"))]
    assert (
        named(untold(clock, CALENDARS, told)) == [("due", at("03-02 10:50")), ("warning 50 %", at("03-02 10:50"))][::-1]
    )


def test_a_closed_clock_still_tells_what_came_before_its_fact_and_a_cancelled_one_nothing() -> None:
    met = state(start(given=WALL), complete(2, "03-02 10:46"))
    assert [name for name, _ in named(stages(met, CALENDARS))] == ["step 1", "warning 50 %", "warning 75 %"]
    on_time = state(start(given=WALL), complete(2, "03-02 11:00"))
    assert "due" not in {stage.name for stage in stages(on_time, CALENDARS)}
    late = state(start(given=WALL), complete(2, "03-02 11:01"))
    assert "due" in {stage.name for stage in stages(late, CALENDARS)}
    assert stages(state(start(given=WALL), Cancel(seq=2, at=at("03-02 12:00"), reason="merged")), CALENDARS) == ()


def test_a_reopened_clock_does_not_repeat_the_warnings_of_what_was_used_before() -> None:
    again = Start(seq=1, at=at("03-04 10:00"), plan=plan(480, warnings=FRACTIONS), cycle=2, carried=5 * HOUR)
    assert named(stages(fold([again], CALENDARS), CALENDARS)) == [
        ("warning 75 %", at("03-04 11:00")),
        ("warning 90 %", at("03-04 12:12")),
        ("due", at("03-04 13:00")),
    ]


def test_working_days_warn_at_the_end_of_whole_days() -> None:
    days = plan(None, "mainland", days=7, pausable=False, warnings=(*FRACTIONS, At(seconds=-86_400)), steps=CHAIN)
    clock = state(start("02-10 10:00", days))
    assert named(stages(clock, CALENDARS)) == [
        ("step 1", at("02-10 10:00")),
        ("warning 50 %", at("02-12 18:00")),
        ("warning 75 %", at("02-14 18:00")),
        ("warning -86400 s", at("02-24 18:00")),
        ("warning 90 %", at("02-24 18:00")),
        ("due", at("02-25 18:00")),
        ("step 2", at("02-25 18:00")),
        ("step 3", at("02-25 18:30")),
    ]


def test_a_milestone_without_a_deadline_has_nothing_to_tell() -> None:
    steps = (Step(role="x", at=At(seconds=60)), Step(role="x", at=At(fraction=0.5)))
    assert stages(state(start(given=plan(None, None, steps=steps))), CALENDARS) == ()


def test_a_due_time_that_a_person_set_is_told_at_that_time() -> None:
    clock = state(start(given=WALL), Override(seq=2, at=at("03-02 10:20"), due_at=at("03-02 12:00")))
    assert ("due", at("03-02 12:00")) in named(stages(clock, CALENDARS))
    assert ("step 2", at("03-02 12:00")) in named(stages(clock, CALENDARS))


@pytest.mark.parametrize("hours", [1, 5])
def test_an_hour_without_workers_loses_none_and_doubles_none(hours: int) -> None:
    """Whatever the pace of looking, the same stages are told in the same order."""
    events = (start(given=WALL),)
    everything = [stage.name for stage in stages(fold(events, CALENDARS), CALENDARS)]
    told: list[Told] = []
    names: list[str] = []
    now = at("03-02 10:00")
    while now <= at("03-02 16:00"):
        for stage in ripe(fold(events, CALENDARS, now), CALENDARS, told, now):
            names.append(stage.name)
            told.append(Told(name=stage.name, policy_version="v1", at=stage.at, acknowledged=True))
        now += timedelta(hours=hours)
    assert names == everything
