"""Changes to the draft of a program: each says which revision it saw, so that of two editors the second is told."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select, update

from core.db import table_of
from core.errors import FieldProblem, Forbidden, InvalidInput, NotFound
from core.hooks.records.loyalty.points import LedgerPolicy
from core.hooks.records.loyalty.program import AnyRule, Program
from core.hooks.records.text import Text
from core.programs.models import ProgramDraft
from core.programs.queries import Live, find_draft, get_live, get_version_body, list_offered
from core.programs.refusals import DraftChanged, NoDraft, NoProgram
from core.programs.rules.digests import digest
from core.programs.rules.versions import MAX_BYTES, MAX_RULES, Draft
from core.uow import UnitOfWork

PERMISSION = "loyalty.manage"
_D = table_of(ProgramDraft)


async def save_draft(uow: UnitOfWork, *, program: Program, revision: int) -> Draft:
    """Keep these rules as the draft; `revision` is the one that was opened, 0 when there was no draft yet.

    A draft that waits for approval is a draft again: what was asked about is no longer what stands there.

    Raises:
        DraftChanged: somebody else changed it meanwhile; nothing is written, `by` and `at` say who and when.
        InvalidInput: it is another program, or too large.
    """
    live, draft = await open_draft(uow, revision)
    return await _keep(uow, live, draft, program)


async def start_draft(uow: UnitOfWork, *, version: int | None = None) -> Draft:
    """Return the draft, beginning one with the rules in force (or those of an older version; 0: the plugin's own).

    Raises:
        DraftChanged: an older version was asked for and there is a draft already; discard it first.
    """
    allow(uow)
    live = await locked_live(uow)
    draft = await find_draft(uow, live.program.id)
    if draft is not None:
        if version is None:
            return draft
        raise DraftChanged(revision=draft.revision, by=draft.author_name, at=draft.changed_at)
    program = live.program if version is None else await body_of(uow, live.program.id, version)
    return await _keep(uow, live, None, program)


async def upsert_rule(uow: UnitOfWork, *, rule: AnyRule, revision: int, after: str | None = None) -> Draft:
    """Put a rule into the draft: in the place of the one with its id, else last (or after the rule `after`).

    A new ladder that is live takes the old one's place: a program has one live ladder.
    """
    live, draft = await open_draft(uow, revision)
    program = draft.program if draft else live.program
    if not rule.id:
        rule = msgspec.structs.replace(rule, id=_free_id(program, rule))
    rules = list(program.rules)
    at = next((index for index, one in enumerate(rules) if one.id == rule.id), None)
    if at is not None:
        rules[at] = rule
    else:
        place = next((index for index, one in enumerate(rules) if one.id == after), len(rules) - 1)
        rules.insert(place + 1, rule)
    return await _keep(uow, live, draft, _with_rules(program, rules))


async def remove_rule(uow: UnitOfWork, *, rule_id: str, revision: int) -> Draft:
    """Take a rule out of the draft; published versions keep it. Raise NotFound when it is not there."""
    live, draft = await open_draft(uow, revision)
    program = draft.program if draft else live.program
    _found(program, rule_id)
    return await _keep(uow, live, draft, _with_rules(program, [one for one in program.rules if one.id != rule_id]))


async def toggle_rule(uow: UnitOfWork, *, rule_id: str, live: bool, revision: int) -> Draft:
    """Switch a rule of the draft on or off; it stays written down. Raise NotFound when it is not there."""
    in_force, draft = await open_draft(uow, revision)
    program = draft.program if draft else in_force.program
    changed = msgspec.structs.replace(_found(program, rule_id), live=live)
    return await _keep(
        uow, in_force, draft, _with_rules(program, [changed if one.id == rule_id else one for one in program.rules])
    )


async def set_frame(
    uow: UnitOfWork, *, revision: int, label: Text | None = None, ledger: LedgerPolicy | None = None
) -> Draft:
    """Change the name of the program, or how its ledger behaves, in the draft."""
    live, draft = await open_draft(uow, revision)
    program = draft.program if draft else live.program
    changes: dict[str, Any] = {"label": label, "ledger": ledger}
    given = {name: value for name, value in changes.items() if value is not None}
    return await _keep(uow, live, draft, msgspec.structs.replace(program, **given))


async def discard_draft(uow: UnitOfWork, *, revision: int) -> None:
    """Throw the draft away; what is in force stays."""
    live, draft = await open_draft(uow, revision)
    if draft is None:
        raise NoDraft
    await forget_draft(uow, live.program.id)
    uow.audit("program.discard", "program", None, {"program": live.program.id, "digest": draft.digest})


async def open_draft(
    uow: UnitOfWork, revision: int, *, permissions: Sequence[str] = (PERMISSION,)
) -> tuple[Live, Draft | None]:
    """Return what is in force and the draft, for a change; of two at once the second waits here and is then told."""
    allow(uow, permissions)
    live = await locked_live(uow)
    draft = await find_draft(uow, live.program.id)
    if draft is None and revision:
        raise NoDraft
    if draft is not None and draft.revision != revision:
        raise DraftChanged(revision=draft.revision, by=draft.author_name, at=draft.changed_at)
    return live, draft


async def locked_live(uow: UnitOfWork) -> Live:
    """Return what is in force behind the lock of the tenant's programs; raise NoProgram when there is none."""
    await lock_programs(uow)
    live = await get_live(uow)
    if live is None:
        raise NoProgram
    return live


async def lock_programs(uow: UnitOfWork) -> None:
    """Whoever changes drafts, versions or the choice comes one after the other; readers never wait."""
    place = func.hashtextextended(f"{uow.tenant_id}:programs", 0)
    await uow.session.execute(select(func.pg_advisory_xact_lock(place)))


async def body_of(uow: UnitOfWork, program_id: str, version: int) -> Program:
    """Return the rules of a version; of 0, those that the plugin declares today."""
    if version:
        return await get_version_body(uow, program_id, version)
    return next(one for one in list_offered(uow) if one.id == program_id)


async def forget_draft(uow: UnitOfWork, program_id: str) -> None:
    """Delete the draft's row."""
    await uow.session.execute(delete(_D).where(*mine_of(uow, program_id)))


def mine_of(uow: UnitOfWork, program_id: str) -> Sequence[Any]:
    """What holds for the row of a program's draft."""
    return (_D.c.tenant_id == uow.tenant_id, _D.c.program_id == program_id)


def allow(uow: UnitOfWork, permissions: Sequence[str] = (PERMISSION,)) -> None:
    """Raise Forbidden unless the actor has one of these permissions."""
    if not any(uow.actor.may(one) for one in permissions):
        raise Forbidden(permission=permissions[0])


async def _keep(uow: UnitOfWork, live: Live, draft: Draft | None, program: Program) -> Draft:
    body = msgspec.to_builtins(program)
    problems = _problems(live, program, len(msgspec.json.encode(body)))
    if problems:
        raise InvalidInput(tuple(problems))
    name = digest(program)
    if draft is not None and draft.digest == name and draft.state == "draft":
        return draft
    values = {
        "revision": draft.revision + 1 if draft else 1,
        "state": "draft",
        "body": body,
        "digest": name,
        "author": uow.actor.id,
        "author_name": uow.actor.name,
        "changed_at": uow.now,
        "effective_from": None,
        "effect_digest": "",
        "accept_lowering": False,
        "asked_by": None,
        "asked_by_name": "",
        "asked_at": None,
    }
    if draft is None:
        fresh = {
            "base_number": live.number,
            "base_digest": live.digest,
            "note": "",
            "answer": "",
            "answered_by_name": "",
        }
        key = {"tenant_id": uow.tenant_id, "program_id": live.program.id}
        await uow.session.execute(insert(_D).values(key | fresh | values))
    else:
        await uow.session.execute(update(_D).where(*mine_of(uow, live.program.id)).values(values))
    rules = {one.id: one for one in (draft.program if draft else live.program).rules}
    touched = [one.id for one in program.rules if rules.pop(one.id, None) != one]
    details = {"program": program.id, "digest": name, "rules": touched[:50], "removed": list(rules)[:50]}
    uow.audit("program.draft", "program", None, details)
    kept = await find_draft(uow, live.program.id)
    assert kept is not None
    return kept


def _problems(live: Live, program: Program, size: int) -> list[FieldProblem]:
    if program.id != live.program.id:
        return [FieldProblem("id", "other-program")]
    if len(program.rules) > MAX_RULES:
        return [FieldProblem("rules", "too-many", {"max": MAX_RULES})]
    return [FieldProblem("rules", "too_large", {"max": MAX_BYTES})] if size > MAX_BYTES else []


def _with_rules(program: Program, rules: Sequence[AnyRule]) -> Program:
    """The program with these rules; raise InvalidInput where they cannot stand together."""
    try:
        return msgspec.structs.replace(program, rules=tuple(rules))
    except ValueError as error:
        code = "two-ladders" if "ladder" in str(error) else "rule-id-taken"
        raise InvalidInput((FieldProblem("rules", code),)) from error


def _found(program: Program, rule_id: str) -> AnyRule:
    rule = program.find(rule_id)
    if rule is None:
        raise NotFound("no such rule")
    return rule


def _free_id(program: Program, rule: AnyRule) -> str:
    """An id that no rule of the program has, after the kind: coupon_template, coupon_template_2."""
    taken = {one.id for one in program.rules}
    kind = str(rule.__struct_config__.tag)
    numbered = (kind if number == 1 else f"{kind}_{number}" for number in range(1, MAX_RULES + 2))
    return next(one for one in numbered if one not in taken)
