"""Publishes programs: never without their effect having been shown, as versions that nobody can change afterwards."""

from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import delete, insert, update

from core.customers.rules.names import clean_text
from core.db import table_of
from core.errors import FieldProblem, InvalidInput, NotFound
from core.hooks.records.loyalty.program import Program
from core.programs.choosing import announce, choose
from core.programs.drafts import (
    PERMISSION,
    allow,
    body_of,
    forget_draft,
    locked_live,
    mine_of,
    open_draft,
)
from core.programs.effects import get_shown
from core.programs.models import ProgramDraft, ProgramEffect, ProgramVersion
from core.programs.queries import (
    Live,
    get_choice,
    list_offered,
    list_versions,
)
from core.programs.refusals import (
    NeedsApprover,
    NoDraft,
    NothingToPublish,
    NotPending,
    SamePerson,
    VersionBegun,
    VersionPlanned,
)
from core.programs.rules.checks import check
from core.programs.rules.digests import digest as digest_of
from core.programs.rules.facts import Facts
from core.programs.rules.versions import (
    FARTHEST,
    MAX_NOTE,
    Draft,
    StoredEffect,
    VersionFacts,
    first_instant,
)
from core.tenancy.actions import raise_plugin_epoch
from core.uow import UnitOfWork

APPROVE = "loyalty.approve"
_D, _E, _V = table_of(ProgramDraft), table_of(ProgramEffect), table_of(ProgramVersion)


async def publish(
    uow: UnitOfWork,
    *,
    revision: int,
    effect_digest: str,
    facts: Facts,
    effective_from: date | None = None,
    note: str = "",
    accept_lowering: bool = False,
) -> VersionFacts:
    """Publish the draft as a new version that begins now, or with a later day of the tenant's zone.

    `effect_digest` names the stored effect that was shown; `facts` come from core.backtests.checking.get_facts.

    Raises:
        DraftChanged, NoDraft: the draft is not the one that was opened.
        NeedsApprover: the tenant wants a second person; call request_approval with the same arguments.
        InvalidInput: the checks found errors (path `rules[id].field`), or the day lies in the past or too far ahead.
        EffectNotSeen: the effect of exactly these rules on those in force was not worked out, or is another one.
        LowersTiers: `count` members would lose their tier and `accept_lowering` is not set.
        VersionPlanned: another version is planned to begin later.
        NothingToPublish: these rules are in force already.
    """
    live, draft = await _opened(uow, revision)
    if (await get_choice(uow)).second_approver:
        raise NeedsApprover
    begins = _begin(uow, effective_from, note)
    effect = await _ready(uow, live, draft.program, facts, effect_digest, accept_lowering=accept_lowering)
    return await _publish_draft(uow, live, draft, effect, begins=begins, note=note)


async def request_approval(
    uow: UnitOfWork,
    *,
    revision: int,
    effect_digest: str,
    facts: Facts,
    effective_from: date | None = None,
    note: str = "",
    accept_lowering: bool = False,
) -> Draft:
    """Ask another person to publish the draft; everything is checked now as if it were published (see publish)."""
    live, draft = await _opened(uow, revision)
    begins = _begin(uow, effective_from, note)
    await _ready(uow, live, draft.program, facts, effect_digest, accept_lowering=accept_lowering)
    values = {
        "state": "pending",
        "revision": draft.revision + 1,
        "effective_from": begins if effective_from and begins > uow.now else None,
        "effect_digest": effect_digest,
        "accept_lowering": accept_lowering,
        "note": clean_text(note),
        "asked_by": uow.actor.id,
        "asked_by_name": uow.actor.name,
        "asked_at": uow.now,
        "answer": "",
        "answered_by_name": "",
    }
    await uow.session.execute(update(_D).where(*mine_of(uow, draft.program_id)).values(values))
    uow.audit("program.ask", "program", None, {"program": draft.program_id, "digest": draft.digest})
    return (await _opened(uow, draft.revision + 1))[1]


async def approve(uow: UnitOfWork, *, revision: int, effect_digest: str, facts: Facts) -> VersionFacts:
    """Publish a draft that another person asked about, as it was asked; a beginning that has passed becomes now.

    `effect_digest` names the effect that the approver was shown: rules in force may have changed since it was asked.

    Raises:
        SamePerson: the actor changed the draft last or asked about it.
        NotPending: nobody asked. And what publish raises.
    """
    live, draft = await _asked(uow, revision)
    if uow.actor.id is None or uow.actor.id in (draft.author, draft.asked_by):
        raise SamePerson
    begins = draft.effective_from if draft.effective_from and draft.effective_from > uow.now else uow.now
    effect = await _ready(uow, live, draft.program, facts, effect_digest, accept_lowering=draft.accept_lowering)
    return await _publish_draft(uow, live, draft, effect, begins=begins, note=draft.note, approved=True)


async def reject(uow: UnitOfWork, *, revision: int, answer: str) -> None:
    """Give a draft back to its author with a word why; whoever asked may take it back in the same way."""
    _, draft = await _asked(uow, revision)
    words = clean_text(answer)
    if not words or len(words) > MAX_NOTE:
        raise InvalidInput((FieldProblem("answer", "too-long" if words else "required", {"max": MAX_NOTE}),))
    values = {
        "state": "rejected",
        "revision": draft.revision + 1,
        "answer": words,
        "answered_by_name": uow.actor.name,
    }
    await uow.session.execute(update(_D).where(*mine_of(uow, draft.program_id)).values(values))
    uow.audit("program.reject", "program", None, {"program": draft.program_id, "digest": draft.digest})


async def roll_back(
    uow: UnitOfWork,
    *,
    version: int,
    effect_digest: str,
    facts: Facts,
    effective_from: date | None = None,
    note: str = "",
    accept_lowering: bool = False,
) -> VersionFacts:
    """Publish the rules of an older version again, as a new one (0: those that the plugin declares today).

    A draft somebody is working on stays as it is. Their effect must have been shown like any other's: try the digest of
    that version first. With a second approver, start_draft(version=...) and ask for approval.

    Raises:
        NotFound: no such version. And what publish raises.
    """
    allow(uow)
    live = await locked_live(uow)
    if (await get_choice(uow)).second_approver:
        raise NeedsApprover
    program = await body_of(uow, live.program.id, version)
    begins = _begin(uow, effective_from, note)
    effect = await _ready(uow, live, program, facts, effect_digest, accept_lowering=accept_lowering)
    person = {"author": uow.actor.id, "author_name": uow.actor.name}
    return await _insert(uow, live, program, effect, begins=begins, note=note, restored_from=version, **person)


async def withdraw_version(uow: UnitOfWork, *, number: int) -> None:
    """Call back a version before it begins; one that is or was in force stays.

    Raises:
        VersionBegun: too late; publish an older one again.
    """
    allow(uow)
    live = await locked_live(uow)
    known = next((one for one in await list_versions(uow) if one.number == number), None)
    if known is None:
        raise NotFound("no such version")
    if known.state != "planned":
        raise VersionBegun(number=number)
    mine = (_V.c.tenant_id == uow.tenant_id, _V.c.program_id == live.program.id, _V.c.number == number)
    await uow.session.execute(update(_V).where(*mine).values(withdrawn_at=uow.now, withdrawn_by_name=uow.actor.name))
    await raise_plugin_epoch(uow)
    uow.audit("program.withdraw", "program", None, {"program": live.program.id, "number": number})


async def _opened(uow: UnitOfWork, revision: int) -> tuple[Live, Draft]:
    live, draft = await open_draft(uow, revision)
    if draft is None:
        raise NoDraft
    return live, draft


async def _asked(uow: UnitOfWork, revision: int) -> tuple[Live, Draft]:
    live, draft = await open_draft(uow, revision, permissions=(PERMISSION, APPROVE))
    if draft is None:
        raise NoDraft
    if draft.state != "pending":
        raise NotPending
    return live, draft


def _begin(uow: UnitOfWork, day: date | None, note: str) -> datetime:
    """The instant at which a version begins: now, or the first of a later local day. The past is never rewritten."""
    problems = []
    today = uow.today
    if day is not None and day < today:
        problems.append(FieldProblem("effective_from", "in-the-past"))
    if day is not None and day - today > FARTHEST:
        problems.append(FieldProblem("effective_from", "too-far", {"max": FARTHEST.days}))
    if len(clean_text(note)) > MAX_NOTE:
        problems.append(FieldProblem("note", "too-long", {"max": MAX_NOTE}))
    if problems:
        raise InvalidInput(tuple(problems))
    return uow.now if day is None or day == today else first_instant(day, uow.scope.timezone)


async def _ready(
    uow: UnitOfWork, live: Live, program: Program, facts: Facts, seen: str, *, accept_lowering: bool
) -> StoredEffect:
    """Everything that must hold before rules come into force; return their effect as it was shown."""
    if live.planned is not None:
        raise VersionPlanned(number=live.planned.number, effective_from=live.planned.effective_from)
    name = digest_of(program)
    if name == live.digest:
        raise NothingToPublish
    errors = [one for one in check(program, facts) if one.severity == "error"]
    if errors:
        raise InvalidInput(
            tuple(FieldProblem(f"rules[{one.rule_id}].{one.path}".rstrip("."), one.code) for one in errors)
        )
    return await get_shown(uow, live, program, seen, accept_lowering=accept_lowering)


async def _publish_draft(
    uow: UnitOfWork,
    live: Live,
    draft: Draft,
    effect: StoredEffect,
    *,
    begins: datetime,
    note: str,
    approved: bool = False,
) -> VersionFacts:
    person: dict[str, Any] = {"author": draft.author, "author_name": draft.author_name}
    if approved:
        person |= {"approver": uow.actor.id, "approver_name": uow.actor.name}
    version = await _insert(uow, live, draft.program, effect, begins=begins, note=note, restored_from=None, **person)
    await forget_draft(uow, draft.program_id)
    return version


async def _insert(
    uow: UnitOfWork,
    live: Live,
    program: Program,
    effect: StoredEffect,
    *,
    begins: datetime,
    note: str,
    restored_from: int | None,
    **person: Any,
) -> VersionFacts:
    declared = next(one for one in list_offered(uow) if one.id == program.id)
    number = live.highest + 1
    values = {
        "tenant_id": uow.tenant_id,
        "program_id": program.id,
        "number": number,
        "body": msgspec.to_builtins(program),
        "digest": digest_of(program),
        "effective_from": begins,
        "base_number": live.number,
        "restored_from": restored_from,
        "plugin_digest": digest_of(declared),
        "plugin_body": msgspec.to_builtins(declared),
        "note": clean_text(note),
        "effect": effect.effect,
        "effect_digest": effect.effect_digest,
        "approver": None,
        "approver_name": "",
        "published_at": uow.now,
        "withdrawn_at": None,
        "withdrawn_by_name": "",
    }
    await uow.session.execute(insert(_V).values(values | person))
    # The figures of other tries were about rules that are no longer in force.
    await uow.session.execute(delete(_E).where(_E.c.tenant_id == uow.tenant_id, _E.c.program_id == program.id))
    await choose(uow, program_id=program.id)
    await raise_plugin_epoch(uow)
    await announce(uow, program.id, number, begins)
    details = {
        "program": program.id,
        "number": number,
        "digest": values["digest"],
        "effective_from": begins.isoformat(),
        "restored_from": restored_from,
        "lowered": effect.lowered,
        "approver": values["approver_name"] or person.get("approver_name", ""),
    }
    uow.audit("program.publish", "program", None, details)
    return next(one for one in await list_versions(uow, program_id=program.id) if one.number == number)
