"""A tenant's changes lie over what is declared; what would break a promise without a word is refused."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from core.hooks.records.complaints import DutyRole, EscalationStep, Milestone, Policy, Severity
from core.policies.rules.changes import UNCHANGED, MilestoneChange, PolicyChanges, apply_changes, differences
from core.policies.rules.checks import check_changes
from core.policies.rules.declared import CORE_POLICIES, merge_policies, policy_version

CHIEF = DutyRole(code="director", label="院长")
LEADER = DutyRole(code="team_leader", label="组长")


def _milestone(name: str, minutes: int | None = None, **more: Any) -> Milestone:
    return Milestone(id=name, label=name, minutes=minutes, owner_role="director", **more)


POLICY = Policy(
    severity="L1",
    label="一级",
    milestones=(
        _milestone("contact", 30),
        _milestone("check", after="contact"),
        _milestone("measure", 1440, after="check", pausable=True),
        _milestone("report", 600, after="measure", counts_from="after"),
        _milestone("gate", after="report", gate_for="archive"),
    ),
    reopen=("contact", "measure"),
    roles=(CHIEF,),
)
DECLARED: Mapping[Severity, Policy] = {"L1": POLICY}
WITH_LEADER: Mapping[Severity, Policy] = DECLARED | {
    "L2": Policy(severity="L2", label="二级", milestones=(_milestone("talk", 60),), roles=(CHIEF, LEADER))
}


def _changes(**changes: MilestoneChange) -> PolicyChanges:
    return PolicyChanges({"L1": changes})


def _codes(changes: PolicyChanges, declared: Mapping[Severity, Policy] = WITH_LEADER) -> set[tuple[str, str]]:
    return {(problem.path, problem.code) for problem in check_changes(declared, changes, {"office", "workdays"})}


def _changed(**changes: MilestoneChange) -> dict[str, Milestone]:
    return {m.id: m for m in apply_changes(WITH_LEADER, _changes(**changes))["L1"].milestones}


def test_without_changes_the_declared_policies_hold_word_for_word() -> None:
    assert apply_changes(DECLARED, PolicyChanges()) == DECLARED
    assert policy_version(apply_changes(DECLARED, PolicyChanges())["L1"]) == policy_version(POLICY)


def test_minutes_clock_pauses_and_warnings_of_one_step_are_changed_and_nothing_else() -> None:
    change = MilestoneChange(minutes=480, clock="office", pausable=False, warnings=(0.5,))
    found = _changed(measure=change)
    assert (found["measure"].minutes, found["measure"].clock, found["measure"].pausable) == (480, "office", False)
    assert found["measure"].warnings == (0.5,)
    assert found["contact"] == POLICY.milestones[0]


def test_working_days_take_the_place_of_minutes() -> None:
    measure = _changed(measure=MilestoneChange(days=7, clock="workdays", pausable=False))["measure"]
    assert (measure.days, measure.minutes, measure.timed) == (7, None, True)


def test_a_switched_off_step_leaves_the_one_after_it_behind_the_one_before() -> None:
    policy = apply_changes(DECLARED, _changes(check=MilestoneChange(off=True)))["L1"]
    assert [m.id for m in policy.milestones] == ["contact", "measure", "report", "gate"]
    assert policy.milestones[1].after == "contact"
    first = apply_changes(DECLARED, _changes(contact=MilestoneChange(off=True)))["L1"]
    assert first.milestones[0].after is None
    assert first.reopen == ("measure",)


def test_a_gate_to_a_switched_off_step_gates_what_that_one_gated() -> None:
    gated = msgspec.structs.replace(POLICY.milestones[1], gate_for="report")
    policy = msgspec.structs.replace(POLICY, milestones=(POLICY.milestones[0], gated, *POLICY.milestones[2:]))
    found = apply_changes({"L1": policy}, _changes(report=MilestoneChange(off=True)))["L1"]
    assert {m.id: m.gate_for for m in found.milestones}["check"] is None
    assert found.milestones[-1].after == "measure"


def test_a_step_that_counts_from_a_vanished_one_counts_from_receipt_when_nothing_is_before_it() -> None:
    policy = Policy(
        severity="L1",
        label="一级",
        milestones=(_milestone("a", 10), _milestone("b", 20, after="a", counts_from="after")),
        roles=(CHIEF,),
    )
    (left,) = apply_changes({"L1": policy}, _changes(a=MilestoneChange(off=True)))["L1"].milestones
    assert (left.after, left.counts_from) == (None, "receipt")


def test_a_stored_change_that_fits_no_more_leaves_the_declared_deadline() -> None:
    assert _changed(measure=MilestoneChange(days=7))["measure"] == POLICY.milestones[2]  # days need a calendar
    stranger = MilestoneChange(steps=(EscalationStep(role="gone", fraction=1.0),))
    assert _changed(measure=stranger)["measure"] == POLICY.milestones[2]
    assert _changed(unknown=MilestoneChange(minutes=1)).keys() == {m.id for m in POLICY.milestones}
    everything = {m.id: MilestoneChange(off=True) for m in POLICY.milestones}
    assert _changed(**everything).keys() == everything.keys()
    assert apply_changes(DECLARED, PolicyChanges({"L3": {"x": UNCHANGED}})) == DECLARED


def test_a_role_of_another_level_brings_its_label_along() -> None:
    step = EscalationStep(role="team_leader", fraction=1.0, need_ack=True, ack_timeout=30, next="director")
    policy = apply_changes(WITH_LEADER, _changes(contact=MilestoneChange(steps=(step,))))["L1"]
    assert LEADER in policy.roles


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"measure": MilestoneChange(minutes=10)}, ("L1.measure.minutes", "earlier-than-before")),
        ({"contact": MilestoneChange(minutes=2000)}, ("L1.measure.minutes", "earlier-than-before")),
        ({"measure": MilestoneChange(minutes=0)}, ("L1.measure.minutes", "range")),
        ({"measure": MilestoneChange(days=0, clock="workdays", pausable=False)}, ("L1.measure.days", "range")),
        ({"measure": MilestoneChange(clock="moon")}, ("L1.measure.clock", "unknown-calendar")),
        ({"measure": MilestoneChange(days=7, pausable=False)}, ("L1.measure.clock", "days-need-a-calendar")),
        ({"measure": MilestoneChange(days=7, clock="workdays")}, ("L1.measure.pausable", "days-cannot-pause")),
        ({"measure": MilestoneChange(warnings=(0.9, 0.5))}, ("L1.measure.warnings", "rising-fractions")),
        ({"measure": MilestoneChange(warnings=(1.5,))}, ("L1.measure.warnings", "rising-fractions")),
        ({"report": MilestoneChange(off=True), "nobody": UNCHANGED}, ("L1.nobody", "unknown-milestone")),
        ({"measure": MilestoneChange(off=True)}, ("L1.measure.off", "counted-from")),
        ({m.id: MilestoneChange(off=True) for m in POLICY.milestones}, ("L1", "nothing-left")),
        (
            {"check": MilestoneChange(steps=(EscalationStep(role="director", fraction=1.0),))},
            ("L1.check", "impossible"),
        ),
    ],
)
def test_what_would_break_promises_is_refused(changes: dict[str, MilestoneChange], problem: tuple[str, str]) -> None:
    assert problem in _codes(_changes(**changes))


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (EscalationStep(role="gone", fraction=1.0), ("role", "unknown-role")),
        (EscalationStep(role="director", fraction=1.0, next="gone"), ("next", "unknown-role")),
        (EscalationStep(role="", fraction=1.0), ("role", "required")),
        (EscalationStep(role="", fraction=1.0, next="director"), ("role", "step-after-nobody")),
        (EscalationStep(role="director", fraction=1.0, need_ack=True, ack_timeout=5), ("next", "answer-from-nobody")),
        (
            EscalationStep(role="director", fraction=1.0, need_ack=True, ack_timeout=0, next="director"),
            ("ack_timeout", "range"),
        ),
        (EscalationStep(role="director", minutes=10**7), ("minutes", "range")),
    ],
)
def test_a_step_must_reach_somebody(step: EscalationStep, problem: tuple[str, str]) -> None:
    assert (f"L1.measure.steps[0].{problem[0]}", problem[1]) in _codes(_changes(measure=MilestoneChange(steps=(step,))))


def test_more_than_ten_steps_are_too_many() -> None:
    steps = (EscalationStep(role="director", fraction=1.0),) * 11
    assert ("L1.measure.steps", "too-many") in _codes(_changes(measure=MilestoneChange(steps=steps)))


def test_a_level_that_nobody_declares_has_no_milestones() -> None:
    problems = check_changes(DECLARED, PolicyChanges({"L3": {"x": MilestoneChange(minutes=5)}}), ())
    assert [problem.code for problem in problems] == ["unknown-milestone"]


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        (MilestoneChange(days=7, clock="workdays", pausable=False), MilestoneChange(minutes=60), True),
        (MilestoneChange(days=2, clock="workdays", pausable=False), MilestoneChange(minutes=1500), False),
        (MilestoneChange(minutes=480, clock="office"), MilestoneChange(minutes=479), True),
        (MilestoneChange(minutes=480), MilestoneChange(minutes=400, clock="office"), False),
    ],
)
def test_orders_are_compared_where_they_can_be(first: MilestoneChange, second: MilestoneChange, refused: bool) -> None:
    policy = Policy(
        severity="L1", label="一级", milestones=(_milestone("a", 10), _milestone("b", 20, after="a")), roles=(CHIEF,)
    )
    problems = check_changes({"L1": policy}, _changes(a=first, b=second), {"office", "workdays"})
    assert bool(problems) == refused


def test_fewer_working_days_than_before_are_refused_on_the_same_calendar() -> None:
    policy = Policy(
        severity="L1", label="一级", milestones=(_milestone("a", 10), _milestone("b", 20, after="a")), roles=(CHIEF,)
    )
    seven, three = (MilestoneChange(days=days, clock="workdays", pausable=False) for days in (7, 3))
    assert check_changes({"L1": policy}, _changes(a=seven, b=three), {"workdays"})
    assert not check_changes({"L1": policy}, _changes(a=three, b=seven), {"workdays"})


def test_a_later_step_is_measured_against_the_chain_before_it() -> None:
    policy = Policy(
        severity="L1",
        label="一级",
        milestones=(
            _milestone("a", 60),
            _milestone("b", 60, after="a", counts_from="after"),
            _milestone("c", 200, after="b"),
        ),
        roles=(CHIEF,),
    )
    assert check_changes({"L1": policy}, _changes(c=MilestoneChange(minutes=100)), ())
    assert not check_changes({"L1": policy}, _changes(c=MilestoneChange(minutes=120)), ())


def test_changes_are_put_and_taken_back() -> None:
    changes = PolicyChanges().put("L1", "contact", MilestoneChange(minutes=20))
    assert changes.of("L1", "contact").minutes == 20
    assert changes.of("L2", "contact") == UNCHANGED
    assert changes.put("L1", "contact", UNCHANGED) == PolicyChanges()


def test_differences_name_what_came_what_went_and_what_changed() -> None:
    after = apply_changes(DECLARED, _changes(contact=MilestoneChange(minutes=20), check=MilestoneChange(off=True)))
    found = {(d.milestone_id, d.before is None, d.after is None) for d in differences(DECLARED, after)}
    assert ("contact", False, False) in found
    assert ("check", False, True) in found
    assert ("measure", False, False) in found  # it follows another step now
    assert [d.before for d in differences({}, DECLARED)] == [None] * 5


def test_of_two_plugins_the_earlier_deadline_wins_and_a_day_is_longer_than_a_minute() -> None:
    days = msgspec.structs.replace(POLICY.milestones[0], minutes=None, days=1, clock="workdays")
    other = msgspec.structs.replace(POLICY, milestones=(days,), reopen=("contact",), source="另一插件")
    merged = merge_policies((POLICY, other))
    assert merged["L1"].milestones[0] == POLICY.milestones[0]
    assert merged["L3"] == CORE_POLICIES["L3"]
    sooner = msgspec.structs.replace(POLICY.milestones[0], minutes=5)
    assert merge_policies((POLICY, msgspec.structs.replace(other, milestones=(sooner,))))["L1"].milestones[0] == sooner


@pytest.mark.parametrize(
    "fault",
    [
        {"days": 0, "clock": "x"},
        {"days": 1, "minutes": 1, "clock": "x"},
        {"days": 1},
        {"days": 1, "clock": "x", "pausable": True},
    ],
)
def test_a_milestone_of_working_days_needs_a_calendar_and_no_pause(fault: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="working days"):
        Milestone(**({"id": "m", "label": "m", "owner_role": "director"} | fault))
