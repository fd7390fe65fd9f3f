"""Reads the roster: all that is planned for some dates with one statement, patterns with their history, swaps asked for."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Date, DateTime, Text, Uuid, and_, any_, bindparam, cast, literal, null, select, union_all

from core.calendars.holidays.queries import list_holiday_tables
from core.db import table_of
from core.errors import NotFound
from core.uow import Reader
from tenants.models import (
    DutyShift,
    ShiftChange,
    ShiftMember,
    ShiftPattern,
    ShiftVersion,
    Staff,
    StaffRole,
    SwapRequest,
)
from tenants.roles import ROLES
from tenants.shifts.rules.patterns import Change, FreeDays, Hours, Pattern, Single
from tenants.shifts.rules.plans import Holder, Plan, by_pattern, midnight

_S, _R, _D = table_of(Staff), table_of(StaffRole), table_of(DutyShift)
_P, _V, _M, _C, _Q = (table_of(one) for one in (ShiftPattern, ShiftVersion, ShiftMember, ShiftChange, SwapRequest))
_READ_HOURS: Final = msgspec.json.Decoder(Hours)

_TENANT: Final = bindparam("bound", type_=Uuid())
_ROLES: Final = bindparam("roles", type_=ARRAY(Text))
_FIRST: Final = bindparam("first", type_=Date())
_EVE: Final = bindparam("eve", type_=Date())
_LAST: Final = bindparam("last", type_=Date())
_FROM: Final = bindparam("since", type_=DateTime(timezone=True))
_TO: Final = bindparam("until", type_=DateTime(timezone=True))


def _active(staff_id: Any) -> Any:
    return and_(_S.c.tenant_id == _TENANT, _S.c.staff_id == staff_id, _S.c.state == "active")


def _line(kind: str, **values: Any) -> Any:
    """One arm of the union: every arm has every column."""
    kinds: dict[str, Any] = {
        "role": Text(),
        "branch_id": Uuid(),
        "staff_id": Uuid(),
        "other_id": Uuid(),
        "pattern_id": Uuid(),
        "number": _V.c.number.type,
        "team": _V.c.number.type,
        "since": DateTime(timezone=True),
        "until": DateTime(timezone=True),
        "first_on": Date(),
        "last_on": Date(),
        "words": Text(),
    }
    columns = [literal(kind, Text()).label("kind")]
    columns += [values.get(name, cast(null(), kind_of)).label(name) for name, kind_of in kinds.items()]
    return select(*columns)


def _union() -> Any:
    """Holders, single shifts, pattern versions, their people, and changes: what `Plan` is made of."""
    newer = _V.alias("newer")
    overtaken = (
        select(newer.c.number)
        .where(newer.c.tenant_id == _TENANT, newer.c.pattern_id == _V.c.pattern_id)
        .where(newer.c.number > _V.c.number, newer.c.effective_from <= _EVE)
        .exists()
    )
    in_force = [
        _V.c.tenant_id == _TENANT,
        _P.c.tenant_id == _TENANT,
        _P.c.pattern_id == _V.c.pattern_id,
        _P.c.role == any_(_ROLES),
        _V.c.effective_from <= _LAST,
        ~overtaken,
    ]
    return union_all(_holders(), _singles(), *_planned(in_force), _changes())


def _holders() -> Any:
    return _line("holder", role=_R.c.role, branch_id=_S.c.branch_id, staff_id=_R.c.staff_id).where(
        _R.c.tenant_id == _TENANT, _R.c.role == any_(_ROLES), _active(_R.c.staff_id)
    )


def _singles() -> Any:
    return _line(
        "single",
        role=_D.c.role,
        branch_id=_D.c.branch_id,
        staff_id=_D.c.staff_id,
        other_id=_D.c.shift_id,
        since=_D.c.starts_at,
        until=_D.c.ends_at,
    ).where(
        _D.c.tenant_id == _TENANT,
        _D.c.role == any_(_ROLES),
        _D.c.ends_at > _FROM,
        _D.c.starts_at < _TO,
        _active(_D.c.staff_id),
    )


def _planned(in_force: Sequence[Any]) -> tuple[Any, Any]:
    """The pattern versions that hold, and their people."""
    versions = _line(
        "version",
        role=_P.c.role,
        branch_id=_P.c.branch_id,
        pattern_id=_V.c.pattern_id,
        number=_V.c.number,
        first_on=_V.c.effective_from,
        words=cast(_V.c.hours, Text),
    ).where(*in_force)
    members = _line(
        "member", pattern_id=_V.c.pattern_id, number=_V.c.number, team=_M.c.team, staff_id=_M.c.staff_id
    ).where(
        *in_force,
        _M.c.tenant_id == _TENANT,
        _M.c.pattern_id == _V.c.pattern_id,
        _M.c.number == _V.c.number,
        _active(_M.c.staff_id),
    )
    return versions, members


def _changes() -> Any:
    stand_in = _C.outerjoin(_S, _active(_C.c.stand_in_id))
    return (
        _line(
            "change",
            staff_id=_C.c.staff_id,
            other_id=_S.c.staff_id,
            branch_id=_C.c.change_id,
            pattern_id=_C.c.pattern_id,
            first_on=_C.c.first_on,
            last_on=_C.c.last_on,
        )
        .select_from(stand_in)
        .where(_C.c.tenant_id == _TENANT, _C.c.undone_at.is_(None), _C.c.last_on >= _EVE, _C.c.first_on <= _LAST)
    )


_READ: Final = _union()


async def get_plan(reader: Reader, *, first: date, last: date, roles: Collection[str] | None = None) -> Plan:
    """Return all that is planned for local dates (the eve of the first too), for these roles or for all of them."""
    zone = reader.scope.timezone
    rows: Any = await reader.session.execute(
        _READ,
        {
            "bound": reader.tenant_id,
            "roles": list(ROLES if roles is None else roles),
            "eve": first - timedelta(days=1),
            "last": last,
            "since": midnight(zone, first),
            "until": midnight(zone, last + timedelta(days=1)),
        },
    )
    return _plan(zone, rows.all())


def _plan(zone: str, rows: Iterable[Any]) -> Plan:
    kinds: dict[str, list[Any]] = {kind: [] for kind in ("holder", "single", "version", "member", "change")}
    for row in rows:
        kinds[row.kind].append(row)
    teams: dict[tuple[UUID, int], dict[int, list[UUID]]] = {}
    for row in sorted(kinds["member"], key=lambda row: (row.team, row.staff_id)):
        teams.setdefault((row.pattern_id, row.number), {}).setdefault(row.team, []).append(row.staff_id)
    patterns = [
        _pattern(row.pattern_id, row.number, row.role, row.branch_id, row.first_on, row.words, teams)
        for row in kinds["version"]
    ]
    changes = [
        Change(
            change_id=row.branch_id,
            staff_id=row.staff_id,
            stand_in_id=row.other_id,
            pattern_id=row.pattern_id,
            first_on=row.first_on,
            last_on=row.last_on,
        )
        for row in sorted(kinds["change"], key=lambda row: row.branch_id)
    ]
    singles = [
        Single(
            shift_id=row.other_id,
            role=row.role,
            branch_id=row.branch_id,
            staff_id=row.staff_id,
            starts_at=row.since,
            ends_at=row.until,
        )
        for row in kinds["single"]
    ]
    return Plan(
        timezone=zone,
        patterns=by_pattern(patterns),
        changes=tuple(changes),
        singles=tuple(singles),
        holders=tuple(Holder(row.role, row.branch_id, row.staff_id) for row in kinds["holder"]),
        free=get_free_days() if any(one.hours.holidays != "same" for one in patterns) else FreeDays(),
    )


def _pattern(
    pattern_id: UUID,
    number: int,
    role: str,
    branch_id: UUID | None,
    effective_from: date,
    hours: str,
    teams: dict[tuple[UUID, int], dict[int, list[UUID]]],
) -> Pattern:
    """Put a version together; a team whose people have all left keeps its turn, with nobody in it."""
    read, here = _READ_HOURS.decode(hours), teams.get((pattern_id, number), {})
    return Pattern(
        pattern_id=pattern_id,
        number=number,
        role=role,
        branch_id=branch_id,
        effective_from=effective_from,
        hours=read,
        teams=tuple(tuple(here.get(team, ())) for team in range(read.teams)),
    )


@lru_cache(maxsize=1)
def get_free_days() -> FreeDays:
    """Return the official holidays and make-up days of all years that are known."""
    tables = list_holiday_tables().values()
    return FreeDays(
        frozenset(day for table in tables for day in table.days_off),
        frozenset(day for table in tables for day in table.workdays),
    )


class VersionLine(msgspec.Struct, frozen=True):
    """One version of a pattern in its history."""

    pattern: Pattern
    made_by_name: str
    made_at: datetime


async def get_pattern(reader: Reader, *, pattern_id: UUID) -> list[VersionLine]:
    """Return the versions of a pattern, newest first; NotFound when this tenant has none of that id."""
    query = (
        select(_P.c.role, _P.c.branch_id, *_V.c, cast(_V.c.hours, Text).label("words"))
        .join(_P, and_(_P.c.tenant_id == _V.c.tenant_id, _P.c.pattern_id == _V.c.pattern_id))
        .where(_V.c.tenant_id == reader.tenant_id, _V.c.pattern_id == pattern_id)
        .order_by(_V.c.number.desc())
    )
    rows = (await reader.session.execute(query)).all()
    if not rows:
        raise NotFound("no such shift pattern")
    teams: dict[tuple[UUID, int], dict[int, list[UUID]]] = {}
    members = (
        select(_M).where(_M.c.tenant_id == reader.tenant_id, _M.c.pattern_id == pattern_id).order_by(_M.c.staff_id)
    )
    for row in await reader.session.execute(members):
        teams.setdefault((row.pattern_id, row.number), {}).setdefault(row.team, []).append(row.staff_id)
    return [
        VersionLine(
            _pattern(row.pattern_id, row.number, row.role, row.branch_id, row.effective_from, row.words, teams),
            row.made_by_name,
            row.made_at,
        )
        for row in rows
    ]


class ChangeLine(msgspec.Struct, frozen=True):
    """An absence or a swap that stands, with whom it is about."""

    change_id: UUID
    staff_id: UUID
    stand_in_id: UUID | None
    pattern_id: UUID | None
    first_on: date
    last_on: date
    words: str
    made_by_name: str
    made_at: datetime


async def list_changes(reader: Reader, *, first: date) -> list[ChangeLine]:
    """Return what stands on a date or later, by day."""
    columns = (_C.c[name] for name in ChangeLine.__struct_fields__)
    query = (
        select(*columns)
        .where(_C.c.tenant_id == reader.tenant_id, _C.c.undone_at.is_(None), _C.c.last_on >= first)
        .order_by(_C.c.first_on, _C.c.change_id)
        .limit(200)
    )
    return [ChangeLine(*row) for row in await reader.session.execute(query)]


class SwapLine(msgspec.Struct, frozen=True):
    """A request for a swap."""

    request_id: UUID
    pattern_id: UUID
    on_date: date
    staff_id: UUID
    colleague_id: UUID | None
    state: str
    words: str
    asked_at: datetime
    answered_by: UUID | None
    answered_at: datetime | None


async def list_swaps(reader: Reader, *, first: date) -> list[SwapLine]:
    """Return every request about a date or later, newest first."""
    columns = (_Q.c[name] for name in SwapLine.__struct_fields__)
    query = (
        select(*columns)
        .where(_Q.c.tenant_id == reader.tenant_id, _Q.c.on_date >= first)
        .order_by(_Q.c.request_id.desc())
        .limit(200)
    )
    return [SwapLine(*row) for row in await reader.session.execute(query)]
