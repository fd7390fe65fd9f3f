"""Reads how the roster covers the roles that the complaint policies name, and where it has gaps."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from core.hooks.records.complaints import Policy
from core.policies.queries import get_policies
from core.tenancy.queries import list_branches
from core.uow import Reader
from tenants.roles import ROLES
from tenants.shifts.queries import get_plan
from tenants.shifts.rules.coverage import Gap, NamedRole, RoleCover, cover_of, named_roles
from tenants.shifts.rules.plans import Plan
from tenants.staff import list_people

AHEAD: Final = 7
"""Days that a warning looks ahead."""


class BranchGap(msgspec.Struct, frozen=True, kw_only=True):
    """A role that nobody answers for at a branch for some hours to come."""

    role: NamedRole
    branch_id: UUID
    branch_name: str
    gaps: tuple[Gap, ...]


async def get_cover(reader: Reader, *, branch_id: UUID, first: date, days: int) -> tuple[list[RoleCover], Plan]:
    """Return the cover of every role that the policies in force name, at one branch, and the plan it was counted from."""
    roles = named_roles((await get_policies(reader)).values())
    plan = await get_plan(reader, first=first, last=first + timedelta(days=days - 1))
    return [cover_of(plan, role, branch_id, first, days) for role in roles], plan


class OnDuty(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is on duty now by the roster, and until when."""

    full_name: str
    role: str
    branch_name: str | None
    ends_at: datetime


async def list_now(reader: Reader) -> list[OnDuty]:
    """Return who is on duty now by a shift, at each branch and at all of them."""
    today = reader.today
    plan = await get_plan(reader, first=today, last=today)
    names = {person.staff_id: person.full_name for person in await list_people(reader)}
    branches: dict[UUID | None, str | None] = {None: None}
    branches |= {one.branch_id: one.name for one in await list_branches(reader)}
    found: dict[tuple[object, ...], OnDuty] = {}
    for role in ROLES:
        for branch_id in branches:
            for span in plan.spans(role, branch_id, today, today):
                if span.starts_at <= reader.now < span.ends_at:
                    found[role, span.branch_id, span.staff_id] = OnDuty(
                        full_name=names.get(span.staff_id, ""),
                        role=role,
                        branch_name=branches.get(span.branch_id),
                        ends_at=span.ends_at,
                    )
    return list(found.values())


async def list_gaps(reader: Reader, *, policies: Iterable[Policy] | None = None) -> list[BranchGap]:
    """Return the gaps of the days ahead, at every branch, under policies (those in force when none are given)."""
    roles = named_roles((await get_policies(reader)).values() if policies is None else policies)
    first = reader.today
    plan = await get_plan(reader, first=first, last=first + timedelta(days=AHEAD - 1))
    found = []
    for branch in await list_branches(reader):
        for role in roles:
            cover = cover_of(plan, role, branch.branch_id, first, AHEAD)
            ahead = tuple((max(begin, reader.now), end) for begin, end in cover.gaps if end > reader.now)
            if ahead:
                found.append(BranchGap(role=role, branch_id=branch.branch_id, branch_name=branch.name, gaps=ahead))
    return found
