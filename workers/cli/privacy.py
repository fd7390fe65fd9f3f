"""`anxin privacy`: who was erased, for keeping beside the backups, and erasing them again after one was restored."""

from pathlib import Path
from typing import TextIO
from uuid import UUID

import click
import msgspec

from core.errors import NotFound
from core.privacy.erasing import replay_erasures
from core.privacy.queries import list_tombstones
from core.tenancy.queries import list_tenant_ids
from tenants.work import Workplace
from workers.cli.db import VAR
from workers.cli.jobs import run_over_all


class _Line(msgspec.Struct, frozen=True):
    """One erased record; the file may hold one twice."""

    tenant_id: UUID
    customer_id: UUID
    erased_at: str = ""


@click.group()
def command() -> None:
    """Keep the list of the erased, and erase them again after a restore."""


@command.command()
@VAR
def tombstones(var: Path) -> None:
    """Print who was erased as JSON lines: keys and days, no word about anybody. Keep it apart from the backups."""

    async def work(workplace: Workplace) -> None:
        async with workplace.database.platform() as platform:
            tenants = await list_tenant_ids(platform)
        for tenant_id in tenants:
            async with workplace.reading(tenant_id) as reader:
                stones = await list_tombstones(reader)
            for stone in stones:
                line = _Line(tenant_id, stone.customer_id, stone.erased_at.isoformat())
                click.echo(msgspec.json.encode(line).decode())

    run_over_all(var, work)


@command.command("replay-erasures")
@VAR
@click.option(
    "--from", "source", type=click.File(encoding="utf-8"), help="A list kept outside, e.g. VAR/erasures.jsonl."
)
def replay(var: Path, source: TextIO | None) -> None:
    """Erase again who came back with a restored backup: those the database knows of, and those of the list."""
    listed: dict[UUID, set[UUID]] = {}
    for number, line in enumerate(source or (), 1):
        if line.strip():
            try:
                stone = msgspec.json.decode(line, type=_Line)
            except msgspec.MsgspecError as error:
                raise click.ClickException(f"Line {number} is no erasure: {error}") from error
            listed.setdefault(stone.tenant_id, set()).add(stone.customer_id)

    async def work(workplace: Workplace) -> tuple[int, int]:
        async with workplace.database.platform() as platform:
            tenants = await list_tenant_ids(platform)
        looked_at = again = 0
        for tenant_id in {*tenants, *listed}:
            try:
                async with workplace.unit(tenant_id) as uow:
                    known = {stone.customer_id for stone in await list_tombstones(uow)}
                    wanted = sorted(known | listed.get(tenant_id, set()))
                    looked_at += len(wanted)
                    again += len(await replay_erasures(uow, customer_ids=wanted)) if wanted else 0
            except NotFound:
                click.echo(f"There is no tenant {tenant_id} any more.", err=True)
        return looked_at, again

    looked_at, again = run_over_all(var, work)
    click.echo(f"{looked_at} erasures looked at, {again} erased again.")
