"""`anxin consent`: exports the chains of sealed consents, and verifies them, from a file or in the database."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import click
import msgspec

from core.chains import Break, read_link
from core.consents.queries import SealRow, find_break, list_seals
from core.consents.rules import Verifier
from tenants.work import Workplace
from workers.cli.db import VAR
from workers.cli.jobs import run_over_all, tenant_of

REASONS = {
    "altered": "the words were changed after they were sealed",
    "unreadable": "the sealed words cannot be read",
    "mislabelled": "it stands under a chain or number that is not its own",
    "out_of_order": "a link is missing before it, or stands in the wrong place",
    "wrong_previous": "it does not hold on to the link before it",
    "withdraws_nothing": "it withdraws what was never signed, or was withdrawn before",
    "other_record": "the record in the database shows something else than what was signed",
}


def verify_lines(lines: Iterable[bytes]) -> tuple[Verifier, str]:
    """Follow the links of an export; return what held, and in words the first that did not (empty: all held)."""
    verifier = Verifier()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            link = read_link(line)
        except ValueError:
            return verifier, f"line {number}: not a link of a chain"
        found = verifier.follow(link)
        if found is not None:
            return verifier, f"line {number}: {_told(found)}"
    return verifier, ""


def _told(found: Break) -> str:
    return f"chain {found.chain}, link {found.seq}: {REASONS[found.reason]}"


@click.group("consent")
def command() -> None:
    """Sealed consents: take the chains out, and verify them without trusting the database."""


@command.command("verify")
@VAR
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--tenant", "slug", help="Verify the database of the running system: the tenant's address.")
@click.option("--subject", "chain", type=click.UUID, help="Only the chain of this subject (or customer).")
def verify(var: Path, file: BinaryIO | None, slug: str | None, chain: UUID | None) -> None:
    """Verify FILE (JSON lines of `anxin consent export`; - for standard input), or --tenant in the database.

    Exit status 1 names the first link that does not hold.
    """
    if (file is None) == (slug is None):
        raise click.UsageError("give a FILE or --tenant, one of the two")
    if file is not None:
        verifier, fault = verify_lines(file)
        count, chains = verifier.count, len(verifier.last)
        for name, seal in verifier.last.items():
            click.echo(f"chain {name}: last seal {seal}")
    else:
        found, count, chains = _verify_online(var, str(slug), chain)
        fault = _told(found) if found is not None else ""
    if fault:
        click.echo(f"broken: {fault}", err=True)
        click.echo(f"{count} links before it hold", err=True)
        sys.exit(1)
    click.echo(f"{count} links of {chains} chains hold")


@command.command("export")
@VAR
@click.option("--tenant", "slug", required=True, help="The tenant's address.")
@click.option("--subject", "chain", type=click.UUID, help="Only the chain of this subject (or customer).")
@click.option("--to", "target", type=click.File("wb"), default="-", help="Where to; standard output when not said.")
def export(var: Path, slug: str, chain: UUID | None, target: BinaryIO) -> None:
    """Write the links as JSON lines: chain, seq, seal, and the sealed body letter by letter."""
    target.writelines(msgspec.json.encode(row.link) + b"\n" for row in _list_online(var, slug, chain))


def _verify_online(var: Path, slug: str, chain: UUID | None) -> tuple[Break | None, int, int]:
    async def work(workplace: Workplace) -> tuple[Break | None, int, int]:
        async with workplace.reading(await tenant_of(workplace, slug)) as reader:
            found, count = await find_break(reader, chain_id=chain)
            chains = {row.link.chain for row in await list_seals(reader, chain_id=chain)}
            return found, count, len(chains)

    return run_over_all(var, work)


def _list_online(var: Path, slug: str, chain: UUID | None) -> list[SealRow]:
    async def work(workplace: Workplace) -> list[SealRow]:
        async with workplace.reading(await tenant_of(workplace, slug)) as reader:
            return await list_seals(reader, chain_id=chain)

    return run_over_all(var, work)
