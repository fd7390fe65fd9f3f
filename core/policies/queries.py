"""Reads what complaints are promised: the policies in force, the calendars with their versions, drafts and their history."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Text, cast, func, select

from core.calendars.holidays.queries import list_holiday_tables
from core.clocks.rules import Calendars
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.complaints import Milestone, Policy, Severity
from core.hooks.specs.complaints import complaint_categories, complaint_policies
from core.policies.models import RuleDraft, RuleMove, RuleVersion
from core.policies.rules.calendars import WALL, CalendarVersion, Timetable, read_calendar, working_days
from core.policies.rules.changes import apply_changes, read_changes
from core.policies.rules.declared import merge_policies
from core.policies.rules.scope import line_of, scoped
from core.policies.rules.versions import (
    POLICIES,
    DraftFacts,
    MoveFacts,
    VersionFacts,
    calendar_id_of,
)
from core.uow import Reader

_V, _D, _M = table_of(RuleVersion), table_of(RuleDraft), table_of(RuleMove)
_VERSION = tuple(_V.c[name] for name in VersionFacts.__struct_fields__)
_DRAFT = tuple(_D.c[name] for name in DraftFacts.__struct_fields__)
_MOVE = tuple(_M.c[name] for name in MoveFacts.__struct_fields__)


def get_declared(reader: Reader) -> dict[Severity, Policy]:
    """Return what the tenant's plugins declare for each level, merged over core's own; no change of the tenant."""
    return merge_policies(scoped(one.value, one.plugin) for one in reader.plugins.declared(complaint_policies))


def get_line(reader: Reader, category: str | None) -> frozenset[str]:
    """Return a complaint's category with all above it, as the plugins declare the tree."""
    return line_of(category, {one.value.id: one.value.parent for one in reader.plugins.declared(complaint_categories)})


async def get_policies(reader: Reader, at: datetime | None = None) -> dict[Severity, Policy]:
    """Return the policy of each level in force at an instant (now when not given): declared, with the tenant's changes."""
    version = await find_version_in_force(reader, subject=POLICIES, at=at or reader.now)
    declared = get_declared(reader)
    return declared if version is None else apply_changes(declared, read_changes(version.body))


async def find_version_in_force(reader: Reader, *, subject: str, at: datetime) -> VersionFacts | None:
    """Return the newest published version that is effective at an instant, or None."""
    query = (
        select(*_VERSION)
        .where(_V.c.tenant_id == reader.tenant_id, _V.c.subject == subject, _V.c.effective_from <= at)
        .order_by(_V.c.number.desc())
        .limit(1)
    )
    row: Any = (await reader.session.execute(query)).mappings().first()
    return None if row is None else VersionFacts(**row)


async def get_timetable(reader: Reader, names: Collection[str] = ()) -> Timetable:
    """Return the tenant's calendars; one that is named but not set up yet begins as working days, not stored."""
    query = select(
        _V.c.subject,
        _V.c.number,
        _V.c.effective_from,
        _V.c.mode,
        _V.c.body["name"].astext.label("name"),
        cast(_V.c.body["resolved"], Text).label("resolved"),
    ).where(_V.c.tenant_id == reader.tenant_id, _V.c.subject != POLICIES)
    versions = [
        CalendarVersion(
            calendar_id=calendar_id_of(row.subject) or "",
            number=row.number,
            effective_from=row.effective_from,
            mode=row.mode,
            name=row.name,
            calendar=read_calendar(row.resolved),
        )
        for row in await reader.session.execute(query)
    ]
    known = {version.calendar_id for version in versions}
    for name in sorted(set(names) - known - {WALL}):
        body = working_days(reader.scope.timezone, list_holiday_tables())
        calendar = read_calendar(msgspec.json.encode(body.resolved).decode())
        versions.append(
            CalendarVersion(
                calendar_id=name,
                number=1,
                effective_from=reader.now,
                mode="new_only",
                name=body.name,
                calendar=calendar,
            )
        )
    return Timetable(versions)


async def get_calendars(reader: Reader) -> Calendars:
    """Return every calendar version of the tenant by its name in events, `id@number`."""
    return (await get_timetable(reader)).calendars


async def find_draft(reader: Reader, *, subject: str) -> DraftFacts | None:
    """Return the draft of a subject, or None."""
    query = select(*_DRAFT).where(_D.c.tenant_id == reader.tenant_id, _D.c.subject == subject)
    row: Any = (await reader.session.execute(query)).mappings().first()
    return None if row is None else DraftFacts(**row)


async def list_drafts(reader: Reader) -> list[DraftFacts]:
    """Return every draft."""
    query = select(*_DRAFT).where(_D.c.tenant_id == reader.tenant_id).order_by(_D.c.subject)
    return [DraftFacts(**row) for row in (await reader.session.execute(query)).mappings()]


async def list_versions(reader: Reader, *, subject: str, limit: int = 200) -> list[VersionFacts]:
    """Return the published versions of a subject, newest first."""
    query = (
        select(*_VERSION)
        .where(_V.c.tenant_id == reader.tenant_id, _V.c.subject == subject)
        .order_by(_V.c.number.desc())
        .limit(limit)
    )
    return [VersionFacts(**row) for row in (await reader.session.execute(query)).mappings()]


async def find_version(reader: Reader, *, subject: str, number: int | None = None) -> VersionFacts | None:
    """Return one published version, the newest when no number is given; None when there is none."""
    query = select(*_VERSION).where(_V.c.tenant_id == reader.tenant_id, _V.c.subject == subject)
    query = query.where(_V.c.number == number) if number is not None else query.order_by(_V.c.number.desc()).limit(1)
    row: Any = (await reader.session.execute(query)).mappings().first()
    return None if row is None else VersionFacts(**row)


async def get_version(reader: Reader, *, subject: str, number: int) -> VersionFacts:
    """Return one published version; NotFound when this tenant has none of that number."""
    found = await find_version(reader, subject=subject, number=number)
    if found is None:
        raise NotFound("no such version")
    return found


async def list_newest_calendars(reader: Reader) -> list[VersionFacts]:
    """Return the newest version of each calendar, by its id."""
    newest = (
        select(_V.c.subject, func.max(_V.c.number).label("number"))
        .where(_V.c.tenant_id == reader.tenant_id, _V.c.subject != POLICIES)
        .group_by(_V.c.subject)
        .subquery()
    )
    query = (
        select(*_VERSION)
        .join(newest, (newest.c.subject == _V.c.subject) & (newest.c.number == _V.c.number))
        .where(_V.c.tenant_id == reader.tenant_id)
        .order_by(_V.c.subject)
    )
    return [VersionFacts(**row) for row in (await reader.session.execute(query)).mappings()]


async def list_moves(reader: Reader, *, subject: str) -> dict[int, MoveFacts]:
    """Return how far the running clocks have followed each version that they were to follow."""
    query = select(*_MOVE).where(_M.c.tenant_id == reader.tenant_id, _M.c.subject == subject)
    return {row.number: MoveFacts(**row) for row in (await reader.session.execute(query)).mappings()}


async def get_move(reader: Reader, *, subject: str, number: int) -> MoveFacts:
    """Return how far one version is; NotFound when no clock was to follow it."""
    found = (await list_moves(reader, subject=subject)).get(number)
    if found is None:
        raise NotFound("nothing follows this version")
    return found


async def list_calendar_uses(reader: Reader, calendar_id: str) -> list[tuple[Severity, Milestone]]:
    """Return the milestones in force whose clock is this calendar."""
    policies = await get_policies(reader)
    return [(level, m) for level, policy in policies.items() for m in policy.milestones if m.clock == calendar_id]
