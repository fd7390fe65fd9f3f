"""Which hours of which days nobody answers for a role that the complaint policies name."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from core.hooks.records.complaints import DutyRole, Policy
from core.hooks.records.text import Text
from tenants.shifts.rules.plans import Plan, Span, midnight

Gap = tuple[datetime, datetime]


class NamedRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role that a policy tells something with a deadline; `asked` when it must say that it has taken it."""

    code: str
    label: Text
    external: bool = False
    asked: bool = False


class DayCover(msgspec.Struct, frozen=True, kw_only=True):
    """One local date: who is planned, the gaps in between, and whether everybody who holds the role stands in."""

    day: date
    starts_at: datetime
    ends_at: datetime
    kind: Literal["planned", "holders", "nobody"]
    spans: tuple[Span, ...] = ()
    gaps: tuple[Gap, ...] = ()


class RoleCover(msgspec.Struct, frozen=True, kw_only=True):
    """A role over some dates."""

    role: NamedRole
    branch_id: UUID | None
    days: tuple[DayCover, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Every stretch without anybody, those over midnight joined."""
        return joined(gap for day in self.days for gap in day.gaps)


def named_roles(policies: Iterable[Policy]) -> tuple[NamedRole, ...]:
    """Return every role that warnings, due times and escalation steps go to, in the order the policies name them."""
    found: dict[str, NamedRole] = {}
    for policy in policies:
        labels = {role.code: role for role in policy.roles}
        for milestone in policy.milestones:
            if not milestone.timed:
                continue
            told = [(milestone.owner_role, False)]
            told += [(step.role, step.need_ack) for step in milestone.steps]
            told += [(step.next, step.need_ack) for step in milestone.steps if step.next is not None]
            for code, asked in told:
                label = labels.get(code, DutyRole(code=code, label=code))
                asked_before = code in found and found[code].asked
                found[code] = NamedRole(
                    code=code, label=label.label, external=label.external, asked=asked or asked_before
                )
    return tuple(found.values())


def cover_of(plan: Plan, role: NamedRole, branch_id: UUID | None, first: date, days: int) -> RoleCover:
    """Return how a role is covered at a branch over so many days from a date on."""
    last = first + timedelta(days=days - 1)
    spans = plan.spans(role.code, branch_id, first, last)
    covered = [_day_of(plan, role, branch_id, first + timedelta(days=n), spans) for n in range(days)]
    return RoleCover(role=role, branch_id=branch_id, days=tuple(covered))


def _day_of(plan: Plan, role: NamedRole, branch_id: UUID | None, day: date, spans: Sequence[Span]) -> DayCover:
    starts, ends = midnight(plan.timezone, day), midnight(plan.timezone, day + timedelta(days=1))
    here = tuple(span for span in spans if span.starts_at < ends and span.ends_at > starts)
    if plan.rosters(role.code, branch_id, day):
        return DayCover(
            day=day, starts_at=starts, ends_at=ends, kind="planned", spans=here, gaps=gaps(here, starts, ends)
        )
    if plan.holding(role.code, branch_id, day):
        return DayCover(day=day, starts_at=starts, ends_at=ends, kind="holders", spans=here)
    # Who works outside the house is on no roster of ours.
    left = () if role.external else gaps(here, starts, ends)
    return DayCover(day=day, starts_at=starts, ends_at=ends, kind="nobody", spans=here, gaps=left)


def gaps(spans: Iterable[Span], starts: datetime, ends: datetime) -> tuple[Gap, ...]:
    """Return the stretches between two instants that no span covers."""
    found, at = [], starts
    for begin, end in sorted((span.starts_at, span.ends_at) for span in spans):
        if begin > at:
            found.append((at, min(begin, ends)))
        at = max(at, end)
    if at < ends:
        found.append((at, ends))
    return tuple(found)


def joined(pieces: Iterable[Gap]) -> tuple[Gap, ...]:
    """Join stretches that touch, in order."""
    merged: list[Gap] = []
    for start, end in sorted(pieces):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return tuple(merged)
