"""Changes what complaints are promised: drafts of policies and calendars, their publication, and calendars on first use."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.calendars.holidays.queries import list_holiday_tables
from core.db import table_of
from core.errors import FieldProblem, Forbidden, InvalidInput
from core.hooks.records.complaints import Policy
from core.policies.models import RuleDraft, RuleMove, RuleVersion
from core.policies.queries import find_draft, find_version, get_declared, get_timetable, get_version
from core.policies.refusals import BadRules, NoRulesDraft, NothingChanged, RulesDraftChanged, RulesMoving, RulesPlanned
from core.policies.rules.calendars import NAME_LIMIT, WALL, CalendarBody, Mode, resolve, working_days
from core.policies.rules.changes import PolicyChanges, read_changes
from core.policies.rules.checks import check_changes
from core.policies.rules.versions import POLICIES, DraftFacts, VersionFacts, calendar_subject, is_calendar_id
from core.uow import UnitOfWork

PERMISSION: Final = "complaints.manage"
MOVE_TASK: Final = "policies.move"
"""The task that lets running clocks follow a published version, some complaints at a time."""
TOPIC: Final = "policies"
"""The topic on which pages hear how far it is."""
NOTE_LIMIT: Final = 500
_V, _D, _M = table_of(RuleVersion), table_of(RuleDraft), table_of(RuleMove)


async def keep_calendars(uow: UnitOfWork, policies: Iterable[Policy]) -> None:
    """Give the tenant each calendar that the policies name and that it has not set up, as working days, version 1."""
    names = sorted({milestone.clock for policy in policies for milestone in policy.milestones} - {WALL})
    if not names:
        return
    subjects = {calendar_subject(name) for name in names}
    known = await uow.session.scalars(
        select(_V.c.subject).where(_V.c.tenant_id == uow.tenant_id, _V.c.subject.in_(subjects)).distinct()
    )
    missing = subjects - set(known)
    if not missing:
        return
    body = working_days(uow.scope.timezone, list_holiday_tables())
    rows = [_row(uow, subject, 1, msgspec.to_builtins(body)) for subject in sorted(missing)]
    await uow.session.execute(upsert(_V).values(rows).on_conflict_do_nothing())


def _row(uow: UnitOfWork, subject: str, number: int, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "tenant_id": uow.tenant_id,
        "subject": subject,
        "number": number,
        "body": body,
        "effective_from": uow.now,
        "mode": "new_only",
        "note": "",
        "restored_from": None,
        "author": uow.actor.id,
        "author_name": uow.actor.name,
        "published_at": uow.now,
    } | more


def _allow(uow: UnitOfWork) -> None:
    if not uow.actor.may(PERMISSION):
        raise Forbidden(permission=PERMISSION)


async def _lock(uow: UnitOfWork, subject: str) -> None:
    """Let one unit at a time change a subject: the second waits and then sees what the first did."""
    key = f"rules:{uow.tenant_id}:{subject}"
    await uow.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


async def _open(uow: UnitOfWork, subject: str, revision: int) -> DraftFacts | None:
    _allow(uow)
    await _lock(uow, subject)
    draft = await find_draft(uow, subject=subject)
    if draft is None and revision:
        raise NoRulesDraft
    if draft is not None and draft.revision != revision:
        raise RulesDraftChanged(by=draft.author_name, revision=draft.revision)
    return draft


async def _keep(uow: UnitOfWork, subject: str, draft: DraftFacts | None, body: dict[str, Any]) -> DraftFacts:
    newest = await find_version(uow, subject=subject)
    row = {
        "revision": draft.revision + 1 if draft else 1,
        "body": body,
        "base_number": draft.base_number if draft else (newest.number if newest else 0),
        "author": uow.actor.id,
        "author_name": uow.actor.name,
        "changed_at": uow.now,
    }
    statement = upsert(_D).values(tenant_id=uow.tenant_id, subject=subject, **row)
    await uow.session.execute(statement.on_conflict_do_update(index_elements=["tenant_id", "subject"], set_=row))
    uow.audit("rules.draft", "rules", None, {"subject": subject, "revision": row["revision"]})
    found = await find_draft(uow, subject=subject)
    assert found is not None
    return found


async def save_policy_draft(uow: UnitOfWork, *, changes: PolicyChanges, revision: int) -> DraftFacts:
    """Keep these changes as the draft; `revision` is the one that was opened, 0 when there was none.

    Raises:
        RulesDraftChanged: somebody else changed it meanwhile; nothing is written.
    """
    draft = await _open(uow, POLICIES, revision)
    return await _keep(uow, POLICIES, draft, msgspec.to_builtins(changes))


async def save_calendar_draft(uow: UnitOfWork, *, calendar_id: str, body: CalendarBody, revision: int) -> DraftFacts:
    """Keep a calendar as the draft of its next version.

    Raises:
        BadRules: it is no calendar: no open hour, a date that is a holiday and has hours of its own, ...
        RulesDraftChanged: somebody else changed it meanwhile.
    """
    if not is_calendar_id(calendar_id):
        raise InvalidInput((FieldProblem("id", "wrong-form"),))
    subject = calendar_subject(calendar_id)
    draft = await _open(uow, subject, revision)
    return await _keep(uow, subject, draft, msgspec.to_builtins(read_body(body)))


def read_body(body: CalendarBody) -> CalendarBody:
    """Return the body resolved with today's official tables; BadRules with every problem."""
    name = body.name.strip()
    problems = []
    if not name:
        problems.append(FieldProblem("name", "required"))
    if len(name) > NAME_LIMIT:
        problems.append(FieldProblem("name", "too-long", {"max": NAME_LIMIT}))
    try:
        resolved = resolve(body, list_holiday_tables())
    except InvalidInput as error:
        raise BadRules((*problems, *error.problems)) from None
    if problems:
        raise BadRules(tuple(problems))
    return resolved


async def discard_rules(uow: UnitOfWork, *, subject: str, revision: int) -> None:
    """Throw a draft away; what is published stays."""
    if await _open(uow, subject, revision) is None:
        raise NoRulesDraft
    await uow.session.execute(delete(_D).where(_D.c.tenant_id == uow.tenant_id, _D.c.subject == subject))
    uow.audit("rules.discard", "rules", None, {"subject": subject})


async def publish_rules(
    uow: UnitOfWork,
    *,
    subject: str,
    revision: int,
    mode: Mode,
    effective_from: datetime | None = None,
    note: str = "",
) -> VersionFacts:
    """Publish the draft as the next version; running clocks follow it by a job when `mode` says so.

    Raises:
        BadRules: what the checks refuse.
        NoRulesDraft, RulesDraftChanged: it was published, thrown away or changed meanwhile.
        NothingChanged: it says what holds already.
        RulesPlanned: the version before it begins later.
        RulesMoving: clocks still follow the version before it.
    """
    draft = await _open(uow, subject, revision)
    if draft is None:
        raise NoRulesDraft
    version = await _publish(uow, subject, draft.body, mode, effective_from, note, None)
    await uow.session.execute(delete(_D).where(_D.c.tenant_id == uow.tenant_id, _D.c.subject == subject))
    return version


async def roll_back_rules(
    uow: UnitOfWork,
    *,
    subject: str,
    number: int,
    mode: Mode,
    effective_from: datetime | None = None,
    note: str = "",
) -> VersionFacts:
    """Publish an older version again, as a new one; of the policies number 0 is what the plugins declare."""
    _allow(uow)
    await _lock(uow, subject)
    if number == 0 and subject == POLICIES:
        body: dict[str, Any] = msgspec.to_builtins(PolicyChanges())
    else:
        body = (await get_version(uow, subject=subject, number=number)).body
    return await _publish(uow, subject, body, mode, effective_from, note, number)


async def _publish(
    uow: UnitOfWork,
    subject: str,
    body: dict[str, Any],
    mode: Mode,
    effective_from: datetime | None,
    note: str,
    restored_from: int | None,
) -> VersionFacts:
    if len(note) > NOTE_LIMIT:
        raise BadRules((FieldProblem("note", "too-long", {"max": NOTE_LIMIT}),))
    begins = max(effective_from or uow.now, uow.now)
    before = await find_version(uow, subject=subject)
    if before is not None and before.body == body:
        raise NothingChanged
    if before is not None and before.effective_from > begins:
        raise RulesPlanned(number=before.number, effective_from=before.effective_from)
    await _not_moving(uow, subject)
    if subject == POLICIES:
        await _check(uow, read_changes(body))
    number = before.number + 1 if before else 1
    given = {"effective_from": begins, "mode": mode, "note": note.strip(), "restored_from": restored_from}
    await uow.session.execute(insert(_V).values(_row(uow, subject, number, body, **given)))
    if mode == "migrate_running":
        await _plan_move(uow, subject, number, begins)
    uow.audit("rules.publish", "rules", None, {"subject": subject, "number": number, "mode": mode})
    uow.publish(TOPIC, {"subject": subject})
    return await get_version(uow, subject=subject, number=number)


async def _check(uow: UnitOfWork, changes: PolicyChanges) -> None:
    calendars = frozenset((await get_timetable(uow)).versions)
    if problems := check_changes(get_declared(uow), changes, calendars):
        raise BadRules(problems)


async def _not_moving(uow: UnitOfWork, subject: str) -> None:
    """Refuse while clocks are on their way; a version that has not begun is followed through the newer one alone."""
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.subject == subject, _M.c.state != "done")
    later = update(_M).where(*mine, _M.c.state == "planned", _M.c.begins_at > uow.now)
    await uow.session.execute(later.values(state="done", finished_at=uow.now))
    busy = await uow.session.scalar(select(func.max(_M.c.number)).where(*mine))
    if busy is not None:
        raise RulesMoving(number=busy)


async def _plan_move(uow: UnitOfWork, subject: str, number: int, begins: datetime) -> None:
    """A calendar is known to the clocks at once, from its day on; a policy is followed when it begins (rule 9)."""
    at = begins if subject == POLICIES else uow.now
    await uow.session.execute(
        insert(_M).values(
            tenant_id=uow.tenant_id,
            subject=subject,
            number=number,
            state="planned",
            total=0,
            seen=0,
            moved=0,
            breached=0,
            begins_at=at,
        )
    )
    key = f"rules-move:{subject}:{number}"
    await uow.enqueue(MOVE_TASK, {"subject": subject, "number": number}, run_at=at, dedupe_key=key)


async def note_move(uow: UnitOfWork, *, subject: str, number: int, values: Mapping[str, Any]) -> None:
    """Write down how far the clocks have followed a version."""
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.subject == subject, _M.c.number == number)
    await uow.session.execute(update(_M).where(*mine).values(**values))
    uow.publish(TOPIC, {"subject": subject})
