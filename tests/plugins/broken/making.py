"""Writes a project that is good in every way, and then the one thing that a sample breaks."""

from collections.abc import Mapping
from pathlib import Path

from plugins.testing.project import Project, read_project
from plugins.testing.scaffold import scaffold
from tests.plugins.broken.samples import HEAD, MIGRATION, TABLE

README = "# 样例\n\n" + "A sample plugin for the tests of the kit; it keeps what a test asks it to keep. " * 4


def make_project(
    folder: Path, name: str, hooks: str = "", *, table: str = "", files: Mapping[str, str] | None = None
) -> Project:
    """Write the project `name` whose module `hooks` is given; with `table`, its DDL, it has one table and a migration."""
    package = f"src/anxin_{name}"
    manifest = scaffold(name)[f"{package}/__init__.py"].replace('("complaints",)', '("hooks",)')
    written = {
        "pyproject.toml": scaffold(name)["pyproject.toml"],
        "README.md": README,
        f"{package}/settings.py": scaffold(name)[f"{package}/settings.py"],
        f"{package}/hooks.py": HEAD + hooks,
    }
    if table:
        manifest = manifest.replace("settings=Settings", f'tables=("x_{name}_thing",),\n    settings=Settings')
        written[f"{package}/migrations/versions/0001_thing.py"] = MIGRATION.replace("@TABLE@", table)
    written[f"{package}/__init__.py"] = manifest
    for path, text in {**written, **(files or {})}.items():
        file = folder / path.replace("@ID@", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("@ID@", name), encoding="utf-8")
    return read_project(folder)


__all__ = ["TABLE", "make_project"]
