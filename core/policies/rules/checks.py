"""What a change of policies must not say: an earlier later step, an unknown role or calendar, a step after nobody."""

from collections.abc import Collection, Mapping
from typing import Final

from core.errors import FieldProblem
from core.hooks.promises import find_earlier
from core.hooks.records.complaints import EscalationStep, Milestone, Policy, Severity
from core.policies.rules.calendars import WALL
from core.policies.rules.changes import MilestoneChange, PolicyChanges, apply_changes, change_milestone, known_roles

MOST_MINUTES: Final = 366 * 24 * 60
MOST_DAYS: Final = 366
MOST_STEPS: Final = 10


def check_changes(
    declared: Mapping[Severity, Policy], changes: PolicyChanges, calendars: Collection[str]
) -> tuple[FieldProblem, ...]:
    """Return every problem, each with the path `level.milestone.field`; what is empty may be published."""
    roles = known_roles(declared.values())
    problems: list[FieldProblem] = []
    for severity, level in changes.levels.items():
        known = {m.id: m for m in declared[severity].milestones} if severity in declared else {}
        for name, change in level.items():
            if name not in known:
                problems.append(FieldProblem(f"{severity}.{name}", "unknown-milestone"))
                continue
            problems += _of_milestone(f"{severity}.{name}", known[name], change, roles, calendars)
        problems += _left_out(severity, known, level)
    if not problems:
        problems += _orders(apply_changes(declared, changes), changes)
    return tuple(problems)


def _of_milestone(
    path: str, milestone: Milestone, change: MilestoneChange, roles: Collection[str], calendars: Collection[str]
) -> list[FieldProblem]:
    problems = []
    clock = change.clock or milestone.clock
    if change.minutes is not None and not 1 <= change.minutes <= MOST_MINUTES:
        problems.append(FieldProblem(f"{path}.minutes", "range", {"min": 1, "max": MOST_MINUTES}))
    if change.days is not None and not 1 <= change.days <= MOST_DAYS:
        problems.append(FieldProblem(f"{path}.days", "range", {"min": 1, "max": MOST_DAYS}))
    if change.clock is not None and clock != WALL and clock not in calendars:
        problems.append(FieldProblem(f"{path}.clock", "unknown-calendar", {"calendar": clock}))
    days = change.days if change.minutes is None and change.days is not None else milestone.days
    counts_days = days is not None and change.minutes is None
    if counts_days and clock == WALL:
        problems.append(FieldProblem(f"{path}.clock", "days-need-a-calendar"))
    pausable = milestone.pausable if change.pausable is None else change.pausable
    if counts_days and pausable:
        problems.append(FieldProblem(f"{path}.pausable", "days-cannot-pause"))
    if change.warnings is not None and _bad_warnings(change.warnings):
        problems.append(FieldProblem(f"{path}.warnings", "rising-fractions"))
    problems += _of_steps(path, change.steps or (), roles)
    if not problems:
        try:
            change_milestone(milestone, change)
        except ValueError:
            problems.append(FieldProblem(path, "impossible"))
    return problems


def _bad_warnings(warnings: tuple[float, ...]) -> bool:
    return any(not 0 < one < 1 for one in warnings) or list(warnings) != sorted(set(warnings))


def _of_steps(path: str, steps: tuple[EscalationStep, ...], roles: Collection[str]) -> list[FieldProblem]:
    """A step tells a role that is known; one that wants an answer must say who is asked when none comes."""
    problems = []
    if len(steps) > MOST_STEPS:
        problems.append(FieldProblem(f"{path}.steps", "too-many", {"max": MOST_STEPS}))
    for index, step in enumerate(steps):
        here = f"{path}.steps[{index}]"
        if not step.role:
            problems.append(FieldProblem(f"{here}.role", "step-after-nobody" if step.next else "required"))
        elif step.role not in roles:
            problems.append(FieldProblem(f"{here}.role", "unknown-role", {"role": step.role}))
        if step.next is not None and step.next not in roles:
            problems.append(FieldProblem(f"{here}.next", "unknown-role", {"role": step.next}))
        if step.need_ack and step.next is None:
            problems.append(FieldProblem(f"{here}.next", "answer-from-nobody"))
        if step.ack_timeout is not None and step.ack_timeout < 1:
            problems.append(FieldProblem(f"{here}.ack_timeout", "range", {"min": 1, "max": MOST_MINUTES}))
        if step.minutes is not None and abs(step.minutes) > MOST_MINUTES:
            problems.append(FieldProblem(f"{here}.minutes", "range", {"min": -MOST_MINUTES, "max": MOST_MINUTES}))
    return problems


def _left_out(
    severity: Severity, known: Mapping[str, Milestone], level: Mapping[str, MilestoneChange]
) -> list[FieldProblem]:
    """Something must be left, and nothing that stays may count from what is switched off."""
    off = {name for name, change in level.items() if change.off and name in known}
    if off and len(off) == len(known):
        return [FieldProblem(severity, "nothing-left")]
    return [
        FieldProblem(f"{severity}.{m.after}.off", "counted-from", {"milestone": m.id})
        for m in known.values()
        if m.id not in off and m.counts_from == "after" and m.after in off
    ]


def _orders(policies: Mapping[Severity, Policy], changes: PolicyChanges) -> list[FieldProblem]:
    """Refuse a milestone that is due before the one it comes after, where a change is to blame."""
    problems = []
    for severity in changes.levels:
        if severity not in policies:
            continue
        for milestone, before in find_earlier(policies[severity]):
            path = f"{severity}.{milestone.id}.{'days' if milestone.days is not None else 'minutes'}"
            problems.append(FieldProblem(path, "earlier-than-before", {"milestone": before.id}))
    return problems
