"""`anxin plugin`: a new plugin is bronze at once, and the exit status and JSON say what was found."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from workers.cli.plugin import command


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("anxin_"):
            del sys.modules[name]


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, arguments)
    return result.exit_code, result.output


def test_a_new_plugin_is_bronze_from_its_first_minute(tmp_path: Path) -> None:
    folder = str(tmp_path / "geese")
    assert run("new", "geese", "--into", folder)[0] == 0
    status, said = run("check", folder, "--json")
    assert (status, json.loads(said)) == (
        0,
        {"plugin": "geese", "aims_at": "bronze", "ok": True, "findings": [], "deprecated": []},
    )


def test_what_is_found_is_told_with_its_rule_and_place_and_exempted_with_its_reason(tmp_path: Path) -> None:
    run("new", "ducks", "--into", str(tmp_path))
    with (tmp_path / "src/anxin_ducks/complaints.py").open("a", encoding="utf-8") as file:
        file.write("\nimport asyncpg\n")
    status, said = run("check", str(tmp_path))
    assert status == 1
    assert "L4  anxin_ducks/complaints.py:19  imports asyncpg" in said
    assert "ducks is not bronze yet" in said
    with (tmp_path / "conformance.toml").open("a", encoding="utf-8") as file:
        file.write('[exempt]\nL4 = "Reads the old system until March."\n')
    status, said = run("check", str(tmp_path))
    assert status == 0
    assert "exempted: Reads the old system until March." in said


@pytest.mark.parametrize("text", ['[exempt]\nQ9 = "why"', '[exempt]\nL2 = " "', 'level = "platinum"'])
def test_a_conformance_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    run("new", "swans", "--into", str(tmp_path))
    (tmp_path / "conformance.toml").write_text(text, encoding="utf-8")
    assert run("check", str(tmp_path))[0] == 2


def test_a_name_that_cannot_be_and_a_folder_without_a_plugin_are_refused(tmp_path: Path) -> None:
    assert run("new", "Two Words")[0] == 2
    assert run("check", str(tmp_path))[0] == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    assert run("new", "mine", "--into", str(tmp_path / "mine"))[0] == 2
