"""A roster in the middle of its week: a day shift, nights that take turns and leave one open, an absence, a swap asked for."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from core.scope import Actor
from core.uow import UnitOfWork
from tenants.roles import permissions_of
from tenants.shifts.actions import add_pattern, record_absence
from tenants.shifts.queries import get_plan
from tenants.shifts.rules.checks import PatternDraft
from tenants.shifts.swapping import ask_swap
from tenants.staff import list_people
from tenants.work import Workplace

ROLE: Final = "service_supervisor"
EVERY_DAY: Final = tuple(range(7))
NOT_ON_SUNDAY: Final = tuple(range(6))


async def seed_rosters(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Make the roster of the first chain; a second time does nothing."""
    async with workplace.unit(tenant_id, actor=director) as uow:
        today = uow.today
        if (await get_plan(uow, first=today, last=today)).patterns:
            return
        people = {person.roles[0]: person for person in await list_people(uow) if person.roles}
        ids = {role: person.staff_id for role, person in people.items()}
        await _plan(uow, "白班", 8, 20, EVERY_DAY, ((ids[ROLE], ids["front_desk"]),))
        nights = ((ids["front_desk"],), (ids["doctor"],))
        night = await _plan(uow, "夜班", 20, 8, NOT_ON_SUNDAY, nights)
        away = today + timedelta(days=3)
        await record_absence(
            uow, staff_id=ids["head_nurse"], first=away, last=away + timedelta(days=1), words="外出学习"
        )
    desk = Actor(
        kind="staff",
        name=people["front_desk"].full_name,
        id=ids["front_desk"],
        roles=frozenset({"front_desk"}),
        permissions=permissions_of(("front_desk",)),
    )
    async with workplace.unit(tenant_id, actor=desk) as uow:
        # Team A has the nights of this week; on a Sunday its next one is in eight days.
        mine = today + timedelta(days=8 if today.weekday() == EVERY_DAY[-1] else 0)
        await ask_swap(uow, pattern_id=night, on=mine, words="晚上孩子有家长会")


async def _plan(
    uow: UnitOfWork,
    name: str,
    starts: int,
    ends: int,
    weekdays: tuple[int, ...],
    teams: tuple[tuple[UUID, ...], ...],
) -> UUID:
    today = uow.today
    draft = PatternDraft(
        name=name,
        role=ROLE,
        branch_id=None,
        weekdays=weekdays,
        starts=starts * 60,
        ends=ends * 60,
        holidays="same",
        teams=teams,
        turn_days=7,
        anchor=today - timedelta(days=today.weekday()),
        effective_from=today,
    )
    return await add_pattern(uow, draft=draft)
