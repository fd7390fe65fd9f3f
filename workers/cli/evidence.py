"""`anxin evidence verify`: says which piece of evidence does not hold, in the database or in an exported dossier."""

import sys
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import click

from core.evidence.dossiers import verify_dossier
from core.evidence.rules import Checked, Fault
from core.evidence.verifying import verify_case, verify_tenant
from tenants.work import Workplace
from workers.cli.db import VAR
from workers.cli.jobs import run_over_all, tenant_of

REASONS = {
    "altered": "the words were changed after they were sealed",
    "unreadable": "what was sealed cannot be read",
    "mislabelled": "it stands under a case or number that is not its own",
    "out_of_order": "a link is missing before it, or stands in the wrong place",
    "wrong_previous": "it does not hold on to the link before it: one was inserted or taken out",
    "other_record": "the record shows something else than what was sealed: a changed label, kind or time",
    "file_changed": "the file is not the one that was sealed",
    "file_missing": "the file is gone",
    "cut_off": "the last links are missing, or some were added past the log",
    "no_head": "the head of the chains is gone",
    "unlisted": "a file that the manifest does not name",
}


def told(fault: Fault) -> str:
    """A fault in words."""
    name = f" ({fault.label})" if fault.label else ""
    return f"case {fault.case}, {fault.part} {fault.seq}{name}: {REASONS[fault.reason]}"


@click.group("evidence")
def command() -> None:
    """Evidence of complaints: verify the chains, the files and the custody log."""


@command.command("verify")
@VAR
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--tenant", "slug", help="Verify the database of the running system: the tenant's address.")
@click.option("--case", "complaint_id", type=click.UUID, help="Only this complaint.")
def verify(var: Path, file: BinaryIO | None, slug: str | None, complaint_id: UUID | None) -> None:
    """Verify FILE (a dossier, without any database), or --tenant in the database. Exit status 1 names every fault."""
    if (file is None) == (slug is None):
        raise click.UsageError("give a dossier FILE or --tenant, one of the two")
    checked = verify_dossier(file) if file is not None else _online(var, str(slug), complaint_id)
    for fault in checked.faults:
        click.echo(f"broken: {told(fault)}", err=True)
    summary = f"{checked.cases} cases, {checked.links} links, {checked.files} files, {checked.custody} lines of custody"
    erased = f"; {checked.erased} links of people who were erased keep their hash only" if checked.erased else ""
    click.echo(f"{summary} {'looked at' if checked.faults else 'hold'}{erased}")
    if checked.faults:
        sys.exit(1)


def _online(var: Path, slug: str, complaint_id: UUID | None) -> Checked:
    async def work(workplace: Workplace) -> Checked:
        async with workplace.reading(await tenant_of(workplace, slug)) as reader:
            return await (verify_tenant(reader) if complaint_id is None else verify_case(reader, complaint_id))

    return run_over_all(var, work)
