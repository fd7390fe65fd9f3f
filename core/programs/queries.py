"""The program in force at an instant, and its versions: published ones first, else what the picked plugin declares."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from core.db import table_of
from core.errors import NotFound
from core.hooks.records.loyalty.points import TierLadder
from core.hooks.records.loyalty.program import Program
from core.hooks.specs.loyalty import loyalty_programs
from core.programs.models import ProgramChoice, ProgramDraft, ProgramEffect, ProgramVersion
from core.programs.rules.digests import digest
from core.programs.rules.versions import Draft, StoredEffect, VersionFacts, state_of
from core.uow import Reader

_C, _D = table_of(ProgramChoice), table_of(ProgramDraft)
_E, _V = table_of(ProgramEffect), table_of(ProgramVersion)
_MEMO = "programs in force"


class _Known:
    """What is kept of one tenant's program for one epoch of its plugins: whoever publishes raises the epoch."""

    def __init__(self, declared: Program | None, *, second_approver: bool) -> None:
        self.declared = declared
        self.declared_digest = digest(declared)
        self.second_approver = second_approver
        self.begins: list[tuple[datetime, int, str]] = []
        """(effective from, number, digest) of each published version that was not called back, earliest first."""
        self.bodies: dict[int, Program] = {}

    def at(self, moment: datetime) -> tuple[int, str]:
        """The number and digest in force at an instant; number 0 is what the plugin declares."""
        begun = [one for one in self.begins if one[0] <= moment]
        return (begun[-1][1], begun[-1][2]) if begun else (0, self.declared_digest)


async def get_program(reader: Reader, at: datetime | None = None) -> Program | None:
    """Return the program in force at an instant (now when none is given); None when no plugin offers one.

    In force is the published version with the latest beginning at or before that instant; before the first version, and
    for a tenant that never published one, it is what the plugin declares. Costs no statement but the first time after
    plugins, settings or versions changed.
    """
    known = await _known(reader)
    number, _ = known.at(at or reader.now)
    return await _body(reader, known, number) if number else known.declared


async def get_ladder(reader: Reader, at: datetime | None = None) -> TierLadder | None:
    """Return the ladder of tiers in force, or None when nothing offers one."""
    program = await get_program(reader, at)
    return program.ladder if program else None


async def get_version_id(reader: Reader, at: datetime | None = None) -> str:
    """Return the name of the rules in force, as every entry of the ledger stores it; empty when there are none."""
    return (await _known(reader)).at(at or reader.now)[1]


async def get_version_number(reader: Reader, at: datetime | None = None) -> int:
    """Return the number of the version in force; 0 while it is what the plugin declares."""
    return (await _known(reader)).at(at or reader.now)[0]


def list_offered(reader: Reader) -> list[Program]:
    """Return the programs of the tenant's plugins, in the tenant's order of plugins; the tenant picks one of them."""
    return [one.value for one in reader.plugins.declared(loyalty_programs)]


async def get_declared(reader: Reader) -> Program | None:
    """Return the picked program as its plugin declares it today, without the tenant's versions."""
    return (await _known(reader)).declared


async def _known(reader: Reader) -> _Known:
    known: _Known | None = reader.plugins.memo.get(_MEMO)
    if known is None:
        known = reader.plugins.memo[_MEMO] = await _work_out(reader)
    return known


async def _work_out(reader: Reader) -> _Known:
    choice = (await reader.session.execute(select(_C).where(_C.c.tenant_id == reader.tenant_id))).first()
    second = choice is not None and choice.second_approver
    known = _Known(_picked(list_offered(reader), choice), second_approver=second)
    if known.declared is None:
        return known
    rows = await reader.session.execute(
        select(_V.c.effective_from, _V.c.number, _V.c.digest)
        .where(_V.c.tenant_id == reader.tenant_id, _V.c.program_id == known.declared.id, _V.c.withdrawn_at.is_(None))
        .order_by(_V.c.effective_from, _V.c.number)
    )
    known.begins = [(row.effective_from, row.number, row.digest) for row in rows]
    return known


def _picked(offered: list[Program], choice: Any) -> Program | None:
    """The picked program, or the first while nobody picked; none when the picked one's plugin is off.

    Taking the next best instead would move everybody to another ladder without anybody having asked for it.
    """
    if choice is None or choice.program_id is None:
        return offered[0] if offered else None
    return next((one for one in offered if one.id == choice.program_id), None)


async def _body(reader: Reader, known: _Known, number: int) -> Program:
    if number not in known.bodies:
        assert known.declared is not None
        known.bodies[number] = await get_version_body(reader, known.declared.id, number)
    return known.bodies[number]


async def get_version_body(reader: Reader, program_id: str, number: int) -> Program:
    """Return the rules of one published version; raise NotFound when there is none."""
    mine = (_V.c.tenant_id == reader.tenant_id, _V.c.program_id == program_id, _V.c.number == number)
    body = await reader.session.scalar(select(_V.c.body).where(*mine))
    if body is None:
        raise NotFound("no such version")
    return msgspec.convert(body, Program)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which program the tenant picked (None: the first that is offered), and whether a second person approves."""

    program_id: str | None = None
    second_approver: bool = False


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force now, read past what is kept: whoever waited for another's publication must see it."""

    program: Program
    number: int
    digest: str
    planned: VersionFacts | None
    highest: int
    """The highest number ever given, called back or not."""


async def get_choice(reader: Reader) -> Choice:
    """Return what the tenant picked."""
    row = (await reader.session.execute(select(_C).where(_C.c.tenant_id == reader.tenant_id))).first()
    return Choice(program_id=row.program_id, second_approver=row.second_approver) if row else Choice()


async def get_live(reader: Reader, program_id: str | None = None) -> Live | None:
    """Return what is in force of the picked program (or of another offered one), straight from the rows."""
    offered = list_offered(reader)
    choice = await get_choice(reader)
    picked = next((one for one in offered if one.id == program_id), None) if program_id else _picked(offered, choice)
    if picked is None:
        return None
    versions = await _facts(reader, picked.id)
    live = next((one for one in versions if one.state == "in-force"), None)
    return Live(
        program=await get_version_body(reader, picked.id, live.number) if live else picked,
        number=live.number if live else 0,
        digest=live.digest if live else digest(picked),
        planned=next((one for one in versions if one.state == "planned"), None),
        highest=versions[0].number if versions else 0,
    )


async def list_versions(reader: Reader, *, program_id: str = "") -> list[VersionFacts]:
    """Return the published versions of the picked program (or of another), latest first.

    What the plugin declares is not among them: it is in force while there is none.
    """
    declared = await get_declared(reader)
    program_id = program_id or (declared.id if declared else "")
    return await _facts(reader, program_id) if program_id else []


_FACTS = tuple(_V.c[name] for name in VersionFacts.__struct_fields__ if name != "state")


async def _facts(reader: Reader, program_id: str) -> list[VersionFacts]:
    mine = (_V.c.tenant_id == reader.tenant_id, _V.c.program_id == program_id)
    rows = (await reader.session.execute(select(*_FACTS).where(*mine).order_by(_V.c.number.desc()))).all()
    begun = [row for row in rows if row.withdrawn_at is None and row.effective_from <= reader.now]
    live = max(((row.effective_from, row.number) for row in begun), default=(reader.now, 0))[1]
    return [
        VersionFacts(
            **row._mapping,  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
            state=state_of(
                effective_from=row.effective_from,
                withdrawn_at=row.withdrawn_at,
                number=row.number,
                live=live,
                now=reader.now,
            ),
        )
        for row in rows
    ]


async def get_version(reader: Reader, number: int) -> tuple[VersionFacts, Program, dict[str, Any]]:
    """Return one version with its rules and the effect that was shown before; raise NotFound when there is none."""
    facts = next((one for one in await list_versions(reader) if one.number == number), None)
    if facts is None:
        raise NotFound("no such version")
    mine = (_V.c.tenant_id == reader.tenant_id, _V.c.program_id == facts.program_id, _V.c.number == number)
    row = (await reader.session.execute(select(_V.c.body, _V.c.effect).where(*mine))).one()
    return facts, msgspec.convert(row.body, Program), row.effect


async def list_names(reader: Reader) -> dict[str, int]:
    """Return the number of the version behind each `rule_version` of the ledger; of equal ones the earliest.

    One that is missing was declared by the plugin: nobody had published anything yet.
    """
    declared = await get_declared(reader)
    if declared is None:
        return {}
    mine = (_V.c.tenant_id == reader.tenant_id, _V.c.program_id == declared.id)
    rows = await reader.session.execute(select(_V.c.digest, _V.c.number).where(*mine).order_by(_V.c.number.desc()))
    return {row.digest: row.number for row in rows}


async def get_draft(reader: Reader) -> Draft | None:
    """Return the draft of the picked program, or None when nobody has begun one."""
    declared = await get_declared(reader)
    return await find_draft(reader, declared.id) if declared else None


async def find_draft(reader: Reader, program_id: str) -> Draft | None:
    """Return the draft of one program."""
    mine = (_D.c.tenant_id == reader.tenant_id, _D.c.program_id == program_id)
    row = (await reader.session.execute(select(_D).where(*mine))).first()
    if row is None:
        return None
    values = {name: getattr(row, name) for name in Draft.__struct_fields__ if name != "program"}
    return Draft(**values, program=msgspec.convert(row.body, Program))


async def get_effect(
    reader: Reader, *, digest: str, base_digest: str | None = None, program_id: str | None = None
) -> StoredEffect | None:
    """Return what trying these rules against those in force (or against `base_digest`) showed; None: not tried yet."""
    declared = await get_declared(reader)
    program_id = program_id or (declared.id if declared else None)
    if base_digest is None:
        base_digest = await get_version_id(reader)
    columns = (_E.c[name] for name in StoredEffect.__struct_fields__)
    mine = (_E.c.tenant_id == reader.tenant_id, _E.c.program_id == program_id, _E.c.digest == digest)
    row = (await reader.session.execute(select(*columns).where(*mine, _E.c.base_digest == base_digest))).first()
    return StoredEffect(**row._mapping) if row else None  # noqa: SLF001 - as above
