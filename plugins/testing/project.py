"""A vendor's project folder: which plugin it brings, its exemptions and samples, and what its last release declared."""

import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from core.hooks.loader import GROUP, Candidate
from plugins.testing.findings import LEVELS, RULES, BadExemption, Finding, Level


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A complaint and the level it must get."""

    text: str
    severity: str


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the last release declared; kept in release.json beside pyproject.toml."""

    version: str
    ids: dict[str, list[str]] = {}
    fields: dict[str, str] = {}
    """Form and key -> type."""


class _Conformance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: Level = "gold"
    exempt: dict[str, str] = {}
    complaints: tuple[Sample, ...] = ()


class Project(msgspec.Struct, frozen=True):
    """One folder with a pyproject.toml."""

    folder: Path
    candidate: Candidate
    level: Level = "gold"
    """What the vendor aims at: rules of higher levels are not looked at."""
    exempt: dict[str, str] = {}
    complaints: tuple[Sample, ...] = ()
    release: Release | None = None


class NoProject(ValueError):
    """The folder holds no plugin."""


def read_project(folder: Path) -> Project:
    """Read a vendor's folder.

    Raises:
        NoProject: no pyproject.toml, or not exactly one entry point of the group anxin.plugins.
        BadExemption: conformance.toml names a rule that does not exist, or no reason.
    """
    file = folder / "pyproject.toml"
    if not file.is_file():
        raise NoProject(f"there is no pyproject.toml in {folder}")
    try:
        points: dict[str, Any] = (
            tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}).get("entry-points", {}).get(GROUP, {})
        )
    except tomllib.TOMLDecodeError as error:
        raise NoProject(f"pyproject.toml: {error}") from error
    if len(points) != 1:
        raise NoProject(f'pyproject.toml has {len(points)} entry points in [project.entry-points."{GROUP}"], not one')
    ((name, value),) = points.items()
    rules = _rules(folder / "conformance.toml")
    last = folder / "release.json"
    return Project(
        folder,
        Candidate(name, value),
        rules.level,
        rules.exempt,
        rules.complaints,
        msgspec.json.decode(last.read_bytes(), type=Release) if last.is_file() else None,
    )


def _rules(file: Path) -> _Conformance:
    if not file.is_file():
        return _Conformance()
    try:
        rules = msgspec.toml.decode(file.read_bytes(), type=_Conformance)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError) as error:
        raise BadExemption(f"conformance.toml: {error}") from error
    for rule, reason in rules.exempt.items():
        if rule not in RULES:
            raise BadExemption(f"conformance.toml: there is no rule {rule}")
        if not reason.strip():
            raise BadExemption(f"conformance.toml: the exemption of {rule} has no reason")
    return rules


def make_importable(project: Project) -> None:
    """Put the project's folder (or its src) first on the path, so it need not be installed to be checked."""
    package = project.candidate.package.partition(".")[0]
    for folder in (project.folder / "src", project.folder):
        if (folder / package).is_dir() and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
            return


def as_aimed(project: Project, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of the levels the vendor aims at, each once, with the reason it is exempted for."""
    aimed = LEVELS[: LEVELS.index(project.level) + 1]
    return tuple(
        msgspec.structs.replace(one, exempt=project.exempt.get(one.rule, ""))
        for one in dict.fromkeys(findings)
        if RULES[one.rule][0] in aimed
    )
