"""`anxin loyalty`: plays events against a program, tells its JSON Schema, and checks a program that is in a file."""

import json
from pathlib import Path
from typing import Any

import click
import msgspec

from core.clock import now
from core.hooks.records.loyalty.program import Program
from core.loyalty.replay.programs import BadProgram, read_program
from core.loyalty.replay.run import EVENTS, BadCase, play
from core.loyalty.rules.refusals import CODES
from core.loyalty.rules.versions import program_version
from core.loyalty.verifying import find_wrong, rebuild_lots
from core.programs.rules.checks import check as check_program
from core.programs.rules.facts import Facts
from core.tenancy.queries import list_tenant_ids
from tenants.work import Workplace
from workers.cli.db import VAR
from workers.cli.jobs import run_over_all
from workers.json_lines import Answer, BadLine, answer_all, id_of, is_json, read_line


def replay_line(line: str | bytes) -> Answer:
    """Play one case; a bad one comes out as `{"id": .., "error": {"path": .., "message": ..}}`."""
    case: Any = None
    try:
        case = read_line(line)
        answer = play(case)
        return answer | {"id": case.get("id") if is_json(case.get("id")) else None}
    except BadCase as error:
        return _error(case, line, error.path, error.message)
    except BadLine as error:
        return _error(case, line, "", str(error))
    except RecursionError:
        return _error(case, line, "", "nested too deeply: the recursion limit was reached")
    except Exception as error:  # noqa: BLE001 - a fault of ours costs one line, never the thousand that come after it
        return _error(case, line, "", f"could not be played: {type(error).__name__}: {error}")


def _error(case: Any, line: str | bytes, path: str, message: str) -> Answer:
    return {"id": id_of(case, line), "error": {"path": path, "message": message}}


@click.group(name="loyalty")
def command() -> None:
    """Loyalty programs: play events against one, check one, tell its form."""


_TYPES = "\b\n" + "\n".join(f"  {kind}: {', '.join(names) or '-'}" for kind, (_reader, names) in EVENTS.items())
_REPLAY_HELP = f"""Play events against a program, one case a line; nothing is stored.

In: {{"id": "a", "program": {{..}}, "tz": "Asia/Shanghai", "events": [{{"at": "2026-03-02T10:00", "type": "purchase",
"key": "p1", "fen": 12000}}, {{"type": "redeem", "points": 100}}, {{"type": "tick", "at": "2027-01-01"}}]}}.

Out: {{"id": "a", "account": {{..}}, "lots": [..], "entries": [..], "events": [{{"ok": true, ..}}, {{"ok": false, "refused":
"not-enough-points", ..}}]}}. A bad line gives {{"id": "a", "error": {{"path": "program.rules[0].per_fen", "message": ".."}}}}
and exit status 1 at the end.

Types of events with their fields, beside `at` and `key`:

{_TYPES}

`anxin loyalty codes` lists the words of refusals; docs/guides/loyalty.md says what each number means.
"""


@command.command(help=_REPLAY_HELP)
@click.argument("file", type=click.File("rb"), default="-")
def replay(file: Any) -> None:
    """Play the cases of a file or of the standard input."""
    if answer_all(file, replay_line):
        raise SystemExit(1)


@command.command()
def schema() -> None:
    """Print the JSON Schema (2020-12) of a program in its stored form."""
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(Program)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@command.command()
def codes() -> None:
    """Print the closed list of refusals: the word, and what it means."""
    width = max(len(code) for code in CODES)
    for code, meaning in CODES.items():
        click.echo(f"{code:<{width}}  {meaning}")


@command.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--stored", is_flag=True, help="Print the program in its stored form, with everything that was left out.")
def check(file: Any, *, stored: bool) -> None:
    """Read the program of a FILE (JSON; - for standard input) and print what is wrong with it.

    First whether it can be read at all, then what stands in the way of publishing it, without the price list and the staff
    of a tenant. Exit status 1 when something does.
    """
    try:
        program = read_program(read_line(file.read()), "$")
    except (BadLine, BadProgram) as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    except RecursionError:
        click.echo("nested too deeply: the recursion limit was reached", err=True)
        raise SystemExit(1) from None
    if stored:
        click.echo(json.dumps(msgspec.to_builtins(program), ensure_ascii=False, indent=2))
        return
    problems = check_program(program, Facts(today=now().astimezone().date()))
    for one in problems:
        place = f"{one.rule_id}.{one.path}" if one.path else one.rule_id
        params = f" {json.dumps(one.params, ensure_ascii=False)}" if one.params else ""
        click.echo(f"{one.severity}: {place}: {one.code}{params}", err=True)
    if any(one.severity == "error" for one in problems):
        raise SystemExit(1)
    for rule in program.rules:
        click.echo(f"{rule.__struct_config__.tag:<16} {rule.id}{'' if rule.live else ' (not live)'}")
    click.echo(f"version {program_version(program)}: {len(program.rules)} rules")


@command.command("verify")
@VAR
@click.option("--repair", is_flag=True, help="Make what does not agree anew from entries and allocations.")
def verify_ledger(var: Path, repair: bool) -> None:  # noqa: FBT001 - click passes a flag by its name
    """Check that accounts and lots of every tenant agree with the entries that nobody can change; status 1 when not."""
    found: list[str] = []

    async def work(workplace: Workplace) -> None:
        async with workplace.database.platform() as platform:
            tenants = await list_tenant_ids(platform)
        for tenant_id in tenants:
            async with workplace.unit(tenant_id) as uow:
                wrong = await find_wrong(uow)
                found.extend(f"{tenant_id} {one.what} {one.customer_id} {one.lot_id or ''}".rstrip() for one in wrong)
                if repair and wrong:
                    await rebuild_lots(uow, customer_ids=sorted({one.customer_id for one in wrong}))

    run_over_all(var, work)
    for line in found:
        click.echo(line)
    if found and not repair:
        raise click.exceptions.Exit(1)
