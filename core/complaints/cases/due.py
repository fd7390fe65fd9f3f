"""Fires due clocks of one tenant in two statements, whatever else is due: the way of nearly every deadline.

It reads each clock with its case as it stands at one instant, locked, and writes all that follows at once. What is not
plain (a pause that ran out, a clock that is gone) is left alone: the ordinary way of the schedule takes it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, BigInteger, DateTime, Text, Uuid, bindparam, text

from core.clocks.rules import ClockEvent, Told, next_stage
from core.complaints.cases.case import CASE_FIELDS, Case, load_timetable
from core.complaints.cases.clock import Clock
from core.complaints.cases.escalation import Ripe, Words, may_fire, ripe_of, tell
from core.complaints.cases.storing import Changes
from core.complaints.kept import read_policies
from core.complaints.ports import DutyRoster
from core.db import encode_json
from core.driver import DriverSession
from core.tenancy.queries import TenantFacts
from core.uow import UnitOfWork

_TENANT: Final = bindparam("tenant", type_=Uuid())
_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_READ_EVENTS: Final = msgspec.json.Decoder(list[ClockEvent])
_READ_TOLD: Final = msgspec.json.Decoder(list[tuple[str, str, datetime, bool]])

# The locks come first and wait for nobody: a case that somebody works on is looked at again in a moment.
_HOLD: Final = text(
    "WITH due AS MATERIALIZED (SELECT outbox_id, run_at, (payload ->> 'complaint_id')::uuid AS complaint_id,"  # noqa: S608 - names of our own
    " payload ->> 'milestone' AS milestone, (payload ->> 'cycle')::bigint AS cycle FROM outbox"
    " WHERE tenant_id = :tenant AND outbox_id = ANY(:ids) AND state = 'pending' AND attempts = 0 AND run_at <= :now"
    " FOR UPDATE SKIP LOCKED),"
    f" held AS MATERIALIZED (SELECT {', '.join(CASE_FIELDS)} FROM complaint WHERE tenant_id = :tenant"
    " AND complaint_id = ANY(ARRAY(SELECT complaint_id FROM due)) FOR UPDATE SKIP LOCKED)"
    f" SELECT d.outbox_id, d.milestone, d.cycle, {', '.join(f'h.{name}' for name in CASE_FIELDS)},"
    " k.position, k.status, k.due_at, k.breached_at,"
    " (SELECT '[' || string_agg(e.event::text, ',' ORDER BY e.seq) || ']' FROM clock_event e WHERE e.tenant_id = :tenant"
    " AND e.complaint_id = d.complaint_id AND e.milestone = d.milestone AND e.cycle = d.cycle) AS events,"
    " (SELECT json_agg(json_build_array(s.stage, s.policy_version, s.at, s.acknowledged_at IS NOT NULL))::text"
    " FROM told_stage s WHERE s.tenant_id = :tenant AND s.complaint_id = d.complaint_id AND s.milestone = d.milestone"
    " AND s.cycle = d.cycle) AS told,"
    " t.tenant_id, t.slug, t.code_prefix, t.name, t.locale, t.timezone, t.state AS tenant_state, t.plugin_epoch, t.has_webhooks"
    " FROM due d JOIN held h ON h.complaint_id = d.complaint_id"
    " JOIN complaint_clock k ON k.tenant_id = :tenant AND k.complaint_id = d.complaint_id AND k.milestone = d.milestone"
    " AND k.cycle = d.cycle JOIN tenant t ON t.tenant_id = :tenant AND t.state <> 'closed' ORDER BY d.run_at, d.outbox_id"
).bindparams(_TENANT, _NOW, bindparam("ids", type_=ARRAY(Uuid())))


def _arrays(prefix: str, names: dict[str, str]) -> str:
    return ", ".join(f"CAST(:{prefix}_{name} AS {kind}[])" for name, kind in names.items())


_STAGE: Final = {
    "complaint_id": "uuid",
    "milestone": "text",
    "cycle": "bigint",
    "stage": "text",
    "policy_version": "text",
}
_NOTICE: Final = {"notice_id": "uuid"} | _STAGE | {"role": "text", "staff_id": "uuid", "due_at": "timestamptz"}
_PAST: Final = {"complaint_id": "uuid", "seq": "bigint", "at": "timestamptz", "kind": "text", "data": "text"}
_CASE: Final = {"complaint_id": "uuid", "event_seq": "bigint"}
_NEXT: Final = {"outbox_id": "uuid", "run_at": "timestamptz"}
_FOLD: Final = {
    "complaint_id": "uuid",
    "milestone": "text",
    "cycle": "bigint",
    "status": "text",
    "due_at": "timestamptz",
    "breached_at": "timestamptz",
}
_PARTS: Final = {"told": _STAGE, "notice": _NOTICE, "past": _PAST, "case": _CASE, "fold": _FOLD, "next": _NEXT}
_TYPES: Final[dict[str, Any]] = {
    "uuid": Uuid(),
    "bigint": BigInteger(),
    "text": Text(),
    "timestamptz": DateTime(timezone=True),
}
_SQL: Final = {
    "told": f"INSERT INTO told_stage (tenant_id, {', '.join(_STAGE)}, at) SELECT :tenant, r.*, :now"  # noqa: S608 - names of our own
    f" FROM unnest({_arrays('told', _STAGE)}) AS r ON CONFLICT DO NOTHING",
    "notice": f"INSERT INTO notice (tenant_id, {', '.join(_NOTICE)}, sent_at) SELECT :tenant, r.*, :now"  # noqa: S608 - names of our own
    f" FROM unnest({_arrays('notice', _NOTICE)}) AS r ON CONFLICT DO NOTHING",
    "past": "INSERT INTO complaint_event (tenant_id, complaint_id, seq, at, kind, actor_kind, actor_id, actor_name, data)"  # noqa: S608 - names of our own
    " SELECT :tenant, r.complaint_id, r.seq, r.at, r.kind, :actor_kind, NULL, :actor_name, CAST(r.data AS jsonb)"
    f" FROM unnest({_arrays('past', _PAST)}) AS r ({', '.join(_PAST)})",
    "case": "UPDATE complaint AS c SET event_seq = r.event_seq"  # noqa: S608 - names of our own
    f" FROM unnest({_arrays('case', _CASE)}) AS r ({', '.join(_CASE)})"
    " WHERE c.tenant_id = :tenant AND c.complaint_id = r.complaint_id",
    "fold": "UPDATE complaint_clock AS k SET status = r.status, due_at = r.due_at, breached_at = r.breached_at"  # noqa: S608 - names of our own
    f" FROM unnest({_arrays('fold', _FOLD)}) AS r ({', '.join(_FOLD)})"
    " WHERE k.tenant_id = :tenant AND k.complaint_id = r.complaint_id AND k.milestone = r.milestone AND k.cycle = r.cycle",
    "next": "UPDATE outbox AS o SET run_at = coalesce(r.run_at, o.run_at),"  # noqa: S608 - names of our own
    " state = CASE WHEN r.run_at IS NULL THEN 'done' ELSE 'pending' END,"
    " finished_at = CASE WHEN r.run_at IS NULL THEN :now END, lease_until = NULL, last_error = NULL"
    f" FROM unnest({_arrays('next', _NEXT)}) AS r ({', '.join(_NEXT)})"
    " WHERE o.tenant_id = :tenant AND o.outbox_id = r.outbox_id",
}  # fmt: skip


def _write(parts: Sequence[str]) -> Any:
    *before, last = parts
    each = ", ".join(f"{name}_rows AS ({_SQL[name]})" for name in before)
    sql = f"WITH {each} {_SQL[last]}" if before else _SQL[last]
    bound = [
        bindparam(f"{part}_{name}", type_=ARRAY(_TYPES[kind])) for part in parts for name, kind in _PARTS[part].items()
    ]
    if "past" in parts:
        bound += [bindparam("actor_kind", type_=Text()), bindparam("actor_name", type_=Text())]
    return text(sql).bindparams(_TENANT, _NOW, *bound)


_WRITES: dict[tuple[str, ...], Any] = {}


class DueClock(msgspec.Struct, frozen=True):
    """One locked clock that is due."""

    outbox_id: UUID
    case: Case
    clock: Clock
    stored: tuple[Any, ...]
    """What its row says of status, due time and breach."""


class Held(msgspec.Struct, frozen=True):
    """The locked clocks of a tenant, and the tenant as it stands."""

    tenant: TenantFacts
    clocks: tuple[DueClock, ...]


async def hold_due(session: DriverSession, *, outbox_ids: Collection[UUID], now: datetime) -> Held | None:
    """Lock those of the due clocks that nobody else holds; None when there is none, or the tenant is closed."""
    given = {"tenant": session.info["tenant_id"], "ids": list(outbox_ids), "now": now}
    rows = await session.execute(_HOLD, given)
    if not rows:
        return None
    policies = await read_policies(session.plain, {row.policy_version for row in rows})
    cases: dict[UUID, Case] = {}
    clocks = []
    for row in rows:
        case = cases.get(row.complaint_id)
        if case is None:
            policy = policies[row.policy_version]
            case = cases[row.complaint_id] = Case(policy=policy, **{name: getattr(row, name) for name in CASE_FIELDS})
        events = _READ_EVENTS.decode(row.events) if row.events else []
        clock = Clock(case.milestone(row.milestone), row.position, row.cycle, events)
        if row.told:
            clock.told += [
                Told(name=n, policy_version=v, at=at, acknowledged=a) for n, v, at, a in _READ_TOLD.decode(row.told)
            ]
        case.clocks[row.milestone, row.cycle] = clock
        clocks.append(DueClock(row.outbox_id, case, clock, (row.status, row.due_at, row.breached_at)))
    row = rows[0]
    facts = {name: getattr(row, name) for name in TenantFacts.__struct_fields__ if name != "state"}
    return Held(TenantFacts(state=row.tenant_state, **facts), tuple(clocks))


async def fire_held(uow: UnitOfWork, held: Held, *, until: datetime, roster: DutyRoster) -> set[UUID]:
    """Tell what is ripe until an instant, in due order over all of these clocks; return the rows that were seen to."""
    events = [event for each in held.clocks for event in each.clock.events]
    timetable = await load_timetable(uow, (), events)
    found: list[Ripe] = []
    plain: list[DueClock] = []
    for each in held.clocks:
        each.case.use(timetable)
        each.clock.judge(uow.now)
        ripe = ripe_of(each.case, each.clock, until) if may_fire(each.case, each.clock) else []
        if any(one.stage.kind == "auto_resume" for one in ripe):
            continue
        found += ripe
        plain.append(each)
    words = await tell(uow, found, roster)
    changes = Changes()
    for case in {id(each.case): each.case for each in plain}.values():
        case.collect(uow, changes)
    await _store(uow, plain, words, changes)
    return {each.outbox_id for each in plain}


async def _store(uow: UnitOfWork, plain: Sequence[DueClock], words: Words, changes: Changes) -> None:
    """Write all of it in one statement, without the parts that have nothing to write."""
    folds = []
    arms = []
    for each in plain:
        case, clock = each.case, each.clock
        row = clock.row()
        if each.stored != (row["status"], row["due_at"], row["breached_at"]):
            folds.append(
                row | {"complaint_id": case.complaint_id, "milestone": clock.milestone.id, "cycle": clock.cycle}
            )
        live = may_fire(case, clock) and clock.state is not None
        stage = next_stage(clock.state, case.timetable.calendars, clock.told) if live and clock.state else None
        arms.append({"outbox_id": each.outbox_id, "run_at": None if stage is None else stage.at})
    told_of = {row["complaint_id"] for row in words.told}
    cases = {each.case.complaint_id: each.case.event_seq for each in plain if each.case.complaint_id in told_of}
    rows: dict[str, Sequence[dict[str, Any]]] = {
        "told": words.told,
        "notice": words.notices,
        "past": [row | {"data": encode_json(row["data"])} for row in changes.history],
        "case": [{"complaint_id": key, "event_seq": seq} for key, seq in cases.items()],
        "fold": folds,
        "next": arms,
    }
    parts = tuple(name for name, each in rows.items() if each)
    if not parts:
        return
    statement = _WRITES.get(parts)
    if statement is None:
        statement = _WRITES[parts] = _write(parts)
    given: dict[str, Any] = {
        "tenant": uow.tenant_id,
        "now": uow.now,
        "actor_kind": uow.actor.kind,
        "actor_name": uow.actor.name,
    }
    for part in parts:
        given |= {f"{part}_{name}": [row[name] for row in rows[part]] for name in _PARTS[part]}
    await uow.session.execute(statement, given)
