"""`anxin doctor`: checks the installation part by part and says what to do about each fault."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from core.clock import now
from workers.cli.db import VAR
from workers.embedded import diagnosis, network
from workers.embedded.diagnosis import Finding
from workers.embedded.faults import AlreadyRunningError, StartupError
from workers.embedded.installation import Installation

MARKS = {"ok": "  ok     ", "note": "  note   ", "wrong": "  WRONG  "}
LEAST_DISK = 1024**3


@dataclass(frozen=True)
class Place:
    """What is examined: the folder and the address that `anxin run` would use."""

    var: Path
    host: str
    port: int


@click.command()
@VAR
@click.option("--host", envvar="HOST", default="0.0.0.0")  # noqa: S104 - the default of `anxin run`
@click.option("--port", envvar="PORT", default=8000, type=click.IntRange(1, 65535))
def command(var: Path, host: str, port: int) -> None:
    """Check everything and explain what is wrong; exit 1 when something is."""
    wrong = 0
    for finding in examine(Place(var.absolute(), host, port)):
        click.echo(MARKS[finding.state] + finding.text)
        if finding.next_step:
            click.echo(" " * 9 + f"Next step: {finding.next_step}")
        wrong += finding.state == "wrong"
    click.echo(f"\n{wrong} thing(s) to put right." if wrong else "\nNothing is wrong.")
    sys.exit(1 if wrong else 0)


def examine(place: Place) -> Iterator[Finding]:
    """Every finding, in the order in which a start would meet it."""
    yield from diagnosis.interpreter()
    yield from diagnosis.packages()
    yield from diagnosis.front_end()
    yield from diagnosis.holidays(now().date())
    yield from _guarded(lambda: _folder(place))
    if not place.var.exists():
        yield from _guarded(lambda: _address(place, running=False))
        return
    try:
        installation = Installation(place.var)
    except StartupError as error:
        yield Finding("wrong", error.problem, error.next_step)
        return
    running = (place.var / "address").exists() and diagnosis.is_held(place.var / "anxin.lock")
    yield from _guarded(lambda: _address(place, running=running))
    yield from _guarded(lambda: _data(installation))
    yield from diagnosis.queue(installation)


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except StartupError as error:
        yield Finding("wrong", error.problem, error.next_step)


def _folder(place: Place) -> Iterator[Finding]:
    existing = next(folder for folder in (place.var, *place.var.parents) if folder.exists())
    if not diagnosis.can_write(existing):
        yield Finding(
            "wrong",
            f"The data folder {place.var} cannot be written ({existing} belongs to somebody else or is read-only).",
            "Choose a folder you may write: make run VAR=/another/folder",
        )
        return
    free = shutil.disk_usage(existing).free
    if free < LEAST_DISK:
        yield Finding(
            "wrong",
            f"The disk of {existing} has {free // 1024**2} MB left; the database stops when it is full.",
            "Free some space, or choose another disk: make run VAR=/another/disk",
        )
        return
    state = "can be written" if place.var.exists() else "is made at the first start"
    yield Finding("ok", f"The data folder {place.var} {state}; {free // 1024**3} GB are free.")


def _address(place: Place, *, running: bool) -> Iterator[Finding]:
    if running:
        address = (place.var / "address").read_text().strip()
        port = int(address.rstrip("/").rpartition(":")[2])
        if network.answers(place.host, port):
            yield Finding("ok", f"Anxin is running and answers at {address}")
        else:
            yield Finding("wrong", f"Anxin is running, but {address} does not answer.", f"Read {place.var}/log/web.log")
        return
    network.require_port(place.host, place.port)
    yield Finding("ok", f"Port {place.port} is free.")
    outside = network.network_address(place.host)
    if outside == "localhost":
        yield Finding("note", "This machine has no network address: a phone cannot open the page.")
    else:
        yield Finding("ok", f"A phone on the same network will open http://{outside}:{place.port}/")


def _data(installation: Installation) -> Iterator[Finding]:
    if installation.note:
        yield Finding("note", installation.note)
    server = installation.postgres
    if server is None:
        yield from diagnosis.real_database(installation)
        return
    if not server.has_data:
        yield Finding("ok", "The database is made at the first start.")
        return
    try:
        with installation.database():
            yield from diagnosis.database(installation)
    except AlreadyRunningError as error:
        yield Finding("note", error.problem)
