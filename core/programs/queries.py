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
from core.programs.models import ProgramChoice, ProgramVersion
from core.programs.rules.digests import digest
from core.uow import Reader

_C, _V = table_of(ProgramChoice), table_of(ProgramVersion)
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
