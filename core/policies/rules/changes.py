"""What a tenant changes about the declared policies, milestone by milestone, and what they promise with it."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from core.hooks.records.complaints import DutyRole, EscalationStep, Milestone, Policy, Severity


class MilestoneChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What differs from the declared milestone; None leaves its value as it is declared."""

    minutes: int | None = None
    days: int | None = None
    """Working days; like minutes they take the place of whatever budget was declared."""
    clock: str | None = None
    pausable: bool | None = None
    warnings: tuple[float, ...] | None = None
    steps: tuple[EscalationStep, ...] | None = None
    off: bool = False
    """The milestone is left out; what came after it comes after the one before it."""


class PolicyChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All changes of a tenant, by severity and milestone."""

    levels: dict[Severity, dict[str, MilestoneChange]] = {}

    def of(self, severity: Severity, milestone_id: str) -> MilestoneChange:
        """Return the change of a milestone; one that changes nothing when there is none."""
        return self.levels.get(severity, {}).get(milestone_id, UNCHANGED)

    def put(self, severity: Severity, milestone_id: str, change: MilestoneChange) -> "PolicyChanges":
        """Return the changes with this one in place; one that changes nothing takes the milestone's change away."""
        level = {name: one for name, one in self.levels.get(severity, {}).items() if name != milestone_id}
        if change != UNCHANGED:
            level[milestone_id] = change
        levels: dict[Severity, dict[str, MilestoneChange]] = {**self.levels, severity: level}
        if not level:
            del levels[severity]
        return PolicyChanges(levels)


def read_changes(body: dict[str, Any]) -> PolicyChanges:
    """Read the stored form of changes."""
    return msgspec.convert(body, PolicyChanges)


UNCHANGED = MilestoneChange()


class Difference(msgspec.Struct, frozen=True):
    """One milestone of one level, before and after; None where it is not there."""

    severity: Severity
    milestone_id: str
    before: Milestone | None
    after: Milestone | None


def change_milestone(milestone: Milestone, change: MilestoneChange) -> Milestone:
    """Return the milestone with the change over it; raise ValueError when no clock can be computed from it."""
    values = {
        name: value
        for name in ("clock", "pausable", "warnings", "steps")
        if (value := getattr(change, name)) is not None
    }
    if change.minutes is not None or change.days is not None:
        values |= {"minutes": change.minutes, "days": change.days}
    return msgspec.structs.replace(milestone, **values) if values else milestone


def known_roles(policies: Iterable[Policy]) -> dict[str, DutyRole]:
    """Return every role that any of the policies names."""
    return {role.code: role for policy in policies for role in policy.roles}


def apply_changes(policies: Mapping[Severity, Policy], changes: PolicyChanges) -> dict[Severity, Policy]:
    """Return the policies with the tenant's changes over them.

    A change of a milestone that is no longer declared does nothing, and one that no longer fits it (the plugin moved
    it to another clock, say) leaves what is declared: a deadline never vanishes.
    """
    roles = known_roles(policies.values())
    return {
        severity: _changed(policy, changes.levels[severity], roles) if severity in changes.levels else policy
        for severity, policy in policies.items()
    }


def _changed(policy: Policy, changes: Mapping[str, MilestoneChange], roles: Mapping[str, DutyRole]) -> Policy:
    off = {m.id for m in policy.milestones if m.id in changes and changes[m.id].off}
    if len(off) == len(policy.milestones):
        off = set()
    declared = {m.id: m for m in policy.milestones}
    milestones = tuple(
        relinked(_fitting(m, changes.get(m.id), roles), declared, off) for m in policy.milestones if m.id not in off
    )
    named = {step.role for m in milestones for step in m.steps} | {
        step.next for m in milestones for step in m.steps if step.next is not None
    }
    present = {role.code for role in policy.roles}
    return msgspec.structs.replace(
        policy,
        milestones=milestones,
        reopen=tuple(name for name in policy.reopen if name not in off),
        roles=(*policy.roles, *(roles[code] for code in sorted(named - present) if code in roles)),
    )


def _fitting(milestone: Milestone, change: MilestoneChange | None, roles: Mapping[str, DutyRole]) -> Milestone:
    if change is None:
        return milestone
    try:
        changed = change_milestone(milestone, change)
    except ValueError:
        return milestone
    strangers = {name for step in changed.steps for name in (step.role, step.next) if name and name not in roles}
    return milestone if strangers else changed


def relinked(milestone: Milestone, declared: Mapping[str, Milestone], off: set[str]) -> Milestone:
    """Let a milestone follow the nearest one that is left, and keep shut what is left of what it gated."""
    if milestone.after not in off and milestone.gate_for not in off:
        return milestone
    after, gate = milestone.after, milestone.gate_for
    while after is not None and after in off:
        after = declared[after].after
    while gate is not None and gate in off:
        gate = declared[gate].gate_for
    counts_from = milestone.counts_from if after is not None else "receipt"
    return msgspec.structs.replace(milestone, after=after, gate_for=gate, counts_from=counts_from)


def differences(before: Mapping[Severity, Policy], after: Mapping[Severity, Policy]) -> tuple[Difference, ...]:
    """List the milestones that differ between two sets of policies, in the order of the levels and their milestones."""
    found: list[Difference] = []
    for severity in dict.fromkeys((*before, *after)):
        old = {m.id: m for m in before[severity].milestones} if severity in before else {}
        new = {m.id: m for m in after[severity].milestones} if severity in after else {}
        found += [
            Difference(severity, name, old.get(name), new.get(name))
            for name in dict.fromkeys((*old, *new))
            if old.get(name) != new.get(name)
        ]
    return tuple(found)
