"""`anxin plugin`: begin, check, test and pack a plugin, in a vendor's own folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import msgspec

from plugins.testing.conformance import check_project, load_subject
from plugins.testing.declaring import release_of
from plugins.testing.findings import RULES, BadExemption, Finding, level_reached
from plugins.testing.project import NoProject, Project, read_project
from plugins.testing.scaffold import is_plugin_name, scaffold
from plugins.testing.source import deprecated_uses
from plugins.testing.subject import Subject

FOLDER = click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=".")
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of words.")


@click.group(name="plugin")
def command() -> None:
    """Write a plugin: begin one, check it, test it, pack it.

    Exit status: 0 all is well, 1 something was found, 2 the call or the folder makes no sense.
    """


@command.command()
@click.argument("name")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), help="The new folder  [default: anxin-NAME]")
def new(name: str, into: Path | None) -> None:
    """Begin a plugin called NAME (2 to 30 lower-case letters and digits) that is bronze at once."""
    if not is_plugin_name(name):
        raise click.UsageError(f"{name!r} is not 2 to 30 lower-case letters and digits, a letter first")
    folder = into or Path(f"anxin-{name}")
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is there and not empty")
    for path, text in scaffold(name).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    click.echo(f"{folder} is there. Next:\n  cd {folder}\n  anxin plugin check\n  anxin plugin test")


@command.command()
@FOLDER
@JSON
def check(folder: Path, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Look at the plugin in FOLDER without a database: its source, its import, what it declares."""
    project = _project(folder)
    findings = check_project(project)
    deprecated = tuple(deprecated_uses(project.candidate))
    counted = [one for one in findings if not one.exempt]
    if as_json:
        told = {
            "plugin": project.candidate.name,
            "aims_at": project.level,
            "ok": not counted,
            "findings": [msgspec.to_builtins(one) | {"level": RULES[one.rule][0]} for one in findings],
            "deprecated": [{"where": where, "text": text} for where, text in deprecated],
        }
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _tell(project, findings, deprecated)
    if counted:
        sys.exit(1)


def _tell(project: Project, findings: tuple[Finding, ...], deprecated: tuple[tuple[str, str], ...]) -> None:
    for one in findings:
        click.echo(f"{one.rule}  {one.where + '  ' if one.where else ''}{one.text}")
        if one.exempt:
            click.echo(f"    exempted: {one.exempt}")
    for where, text in deprecated:
        click.echo(f"deprecated  {where}  {text}")
    reached = level_reached(findings, project.level)
    said = f"keeps {reached}" if reached else "is not bronze yet"
    click.echo(
        f"{project.candidate.name} {said}, as far as can be seen without running it; `anxin plugin test` runs it."
    )


@command.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests of the plugin in this folder with pytest, conformance included; ARGUMENTS go to pytest."""
    _project(Path())
    sys.exit(_run([sys.executable, "-m", "pytest", *arguments]))


@command.command()
@FOLDER
@click.option("--force", is_flag=True, help="Pack although something was found.")
def pack(folder: Path, force: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Build a wheel into dist/ with the backend of pyproject.toml, and note in release.json what it declares."""
    project = _project(folder)
    findings = check_project(project)
    if any(not one.exempt for one in findings) and not force:
        _tell(project, findings, ())
        sys.exit(1)
    target = folder / "dist"
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    if _run([*build, "--wheel-dir", str(target), str(folder)]):
        click.echo("The wheel was not built. Is the backend installed? pip install hatchling", err=True)
        sys.exit(1)
    subject = load_subject(project.candidate)
    if isinstance(subject, Subject):
        noted = msgspec.json.format(msgspec.json.encode(release_of(subject)), indent=2)
        (folder / "release.json").write_bytes(noted + b"\n")
    for wheel in sorted(target.glob("*.whl")):
        click.echo(str(wheel))


def _run(arguments: list[str]) -> int:
    return subprocess.run(arguments, check=False, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}).returncode  # noqa: S603 - our own interpreter


def _project(folder: Path) -> Project:
    try:
        return read_project(folder.resolve())
    except (NoProject, BadExemption) as error:
        raise click.UsageError(str(error)) from error
