"""Shifts: who is on duty for a role, at a branch or at all of them."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select

from core.db import new_id
from core.errors import FieldProblem, InvalidInput, NotFound
from core.tenancy.models import Branch
from core.uow import Reader, UnitOfWork
from tenants.models import DutyShift, Staff
from tenants.roles import ROLES

LONGEST: Final = timedelta(days=31)


class Shift(msgspec.Struct, frozen=True):
    """One line of the duty roster; no branch means all of them."""

    shift_id: UUID
    role: str
    branch_id: UUID | None
    branch_name: str | None
    staff_id: UUID
    full_name: str
    starts_at: datetime
    ends_at: datetime


async def plan_shift(
    uow: UnitOfWork, *, staff_id: UUID, role: str, branch_id: UUID | None, starts_at: datetime, ends_at: datetime
) -> UUID:
    """Put somebody on duty for a role and return the shift's id.

    Raises:
        InvalidInput: role, person, branch or span do not fit.
    """
    problems = []
    if role not in ROLES:
        problems.append(FieldProblem("role", "unknown-role", {"role": role[:40]}))
    if not timedelta(0) < ends_at - starts_at <= LONGEST:
        problems.append(FieldProblem("ends_at", "span"))
    active = select(Staff.staff_id).where(Staff.staff_id == staff_id, Staff.state == "active")
    if await uow.session.scalar(active) is None:
        problems.append(FieldProblem("staff_id", "unknown-person"))
    known = select(Branch.branch_id).where(Branch.branch_id == branch_id)
    if branch_id is not None and await uow.session.scalar(known) is None:
        problems.append(FieldProblem("branch_id", "unknown-branch"))
    if problems:
        raise InvalidInput(tuple(problems))
    shift_id = new_id()
    await uow.session.execute(
        insert(DutyShift).values(
            tenant_id=uow.tenant_id,
            shift_id=shift_id,
            role=role,
            branch_id=branch_id,
            staff_id=staff_id,
            starts_at=starts_at,
            ends_at=ends_at,
        )
    )
    uow.audit("duty.plan", "duty_shift", shift_id, {"role": role, "staff_id": str(staff_id)})
    return shift_id


async def cancel_shift(uow: UnitOfWork, *, shift_id: UUID) -> None:
    """Take a shift off the roster; raise NotFound when there is none."""
    gone = await uow.session.scalar(
        delete(DutyShift).where(DutyShift.shift_id == shift_id).returning(DutyShift.shift_id)
    )
    if gone is None:
        raise NotFound("no such shift")
    uow.audit("duty.cancel", "duty_shift", shift_id)


async def list_shifts(reader: Reader, *, since: datetime | None = None, on_duty: bool = False) -> list[Shift]:
    """Return shifts that have not ended (by `since`, or by now), or only those that run now."""
    of_staff = (Staff.tenant_id == DutyShift.tenant_id) & (Staff.staff_id == DutyShift.staff_id)
    of_branch = (Branch.tenant_id == DutyShift.tenant_id) & (Branch.branch_id == DutyShift.branch_id)
    columns = (
        DutyShift.shift_id,
        DutyShift.role,
        DutyShift.branch_id,
        Branch.name,
        DutyShift.staff_id,
        Staff.full_name,
        DutyShift.starts_at,
        DutyShift.ends_at,
    )
    query = (
        select(*columns)
        .select_from(DutyShift)
        .join(Staff, of_staff)
        .outerjoin(Branch, of_branch)
        .where(DutyShift.ends_at > (since or reader.now))
        .order_by(DutyShift.starts_at, DutyShift.shift_id)
    )
    if on_duty:
        query = query.where(DutyShift.starts_at <= reader.now)
    rows: Any = await reader.session.execute(query)
    return [Shift(*row) for row in rows]
