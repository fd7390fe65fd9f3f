"""Every rule of the kit finds the plugin that was broken for it, and a good plugin has no findings."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from core.db import Database
from core.hooks.loader import Candidate
from core.migrations import upgrade
from plugins.testing.asking import check_answers
from plugins.testing.conformance import check_project, load_subject
from plugins.testing.findings import RULES
from plugins.testing.project import Project, Release, Sample, make_importable
from plugins.testing.subject import Subject
from plugins.testing.tables import check_tables
from tests.plugins.broken.making import TABLE, make_project
from tests.plugins.broken.samples import ASKED, CATEGORY, FAULTS, MIGRATION, STATIC, WITH_TABLES
from workers.embedded.postgres import Dsns


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What a test imported is gone afterwards, and so is its folder on the path."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("anxin_"):
            del sys.modules[name]


def rules_of(project: Project) -> set[str]:
    return {one.rule for one in check_project(project)}


def loaded(project: Project) -> Subject:
    make_importable(project)
    subject = load_subject(project.candidate)
    assert isinstance(subject, Subject), subject
    return subject


def test_a_good_plugin_has_no_findings(tmp_path: Path) -> None:
    assert check_project(make_project(tmp_path, "good", CATEGORY)) == ()


@pytest.mark.parametrize("rule", sorted(STATIC))
def test_the_kit_finds_in_the_folder_what_breaks_a_rule(rule: str, tmp_path: Path) -> None:
    project = make_project(tmp_path, f"breaks{rule.lower()}", STATIC[rule])
    if rule == "D4":
        release = Release(version="0.0.9", fields={"breaksd4.f.age": "number"})
        project = Project(project.folder, project.candidate, release=release)
    assert rule in rules_of(project)


def test_a_type_that_changed_since_the_release_is_told_with_both_types(tmp_path: Path) -> None:
    project = make_project(tmp_path, "typed", STATIC["D4"])
    before = Release(version="0.0.9", ids={"intake_forms": ["typed.f", "typed.g"]}, fields={"typed.f.age": "number"})
    texts = [one.text for one in check_project(Project(project.folder, project.candidate, release=before))]
    assert texts == [
        "intake_forms: typed.g was there in 0.0.9; rows and reports still name it",
        "field typed.f.age was number in 0.0.9 and is text: answers would be lost",
    ]


def test_settings_without_words_break_s1(tmp_path: Path) -> None:
    text = "import msgspec\nclass Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):\n    n: int = 1\n"
    project = make_project(tmp_path, "mute", files={"src/anxin_@ID@/settings.py": text})
    assert rules_of(project) == {"S1"}


def test_a_short_readme_breaks_x2_and_a_click_without_keyboard_x3(tmp_path: Path) -> None:
    files = {"README.md": "x", "src/anxin_@ID@/templates/a.html": "<p>\n<div onclick='x()'>"}
    found = check_project(make_project(tmp_path, "bare", files=files))
    assert [(one.rule, one.where) for one in found] == [("X2", ""), ("X3", "anxin_bare/templates/a.html:2")]


def test_a_table_without_protection_and_without_export_is_found_before_any_database(tmp_path: Path) -> None:
    bare = MIGRATION.replace("    op.execute(\"SELECT app.protect('x_@ID@_thing')\")\n", "").replace("@TABLE@", TABLE)
    name = "src/anxin_@ID@/migrations/versions/0001_thing.py"
    found = check_project(make_project(tmp_path, "unsafe", table=TABLE, files={name: bare}))
    assert {one.rule for one in found} == {"M1", "M3", "X1"}
    assert next(one.where for one in found if one.rule == "M1").endswith("0001_thing.py:9")


def test_a_table_that_the_manifest_does_not_name_breaks_m2(tmp_path: Path) -> None:
    other = TABLE.replace("_thing (", "_other (")
    assert "M2" in rules_of(make_project(tmp_path, "hidden", table=other))


@pytest.mark.parametrize("rule", sorted(ASKED))
async def test_the_kit_finds_by_asking_what_breaks_a_rule(rule: str, tmp_path: Path, database: Database) -> None:
    subject = loaded(make_project(tmp_path, f"asked{rule.lower()}", ASKED[rule]))
    found = await check_answers(subject, reader_of(database), (Sample("猫死了", "L3"), Sample("等太久", "L1")))
    assert rule in {one.rule for one in found}


@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_a_hook_that_exits_or_cancels_is_a_finding_and_not_the_end(name: str, tmp_path: Path) -> None:
    found = await check_answers(loaded(make_project(tmp_path, name, FAULTS[name])))
    assert {one.rule for one in found} == {"F1"}


def reader_of(database: Database) -> Callable[[], object]:
    return lambda: database.session(UUID(int=1), read_only=True)


@pytest.fixture
def dsns(new_database: Callable[[], Dsns]) -> Dsns:
    return new_database()


@pytest.fixture
async def database(postgres: Dsns) -> AsyncIterator[Database]:
    """The shared one: what asks only reads, and what acts rolls back."""
    made = Database(postgres.worker)
    yield made
    await made.dispose()


@pytest.fixture
async def own(dsns: Dsns) -> AsyncIterator[Database]:
    """One of its own, where a test makes tables."""
    made = Database(dsns.worker)
    yield made
    await made.dispose()


@pytest.mark.parametrize("rule", sorted(WITH_TABLES))
async def test_the_kit_finds_in_the_tables_what_breaks_a_rule(
    rule: str, tmp_path: Path, dsns: Dsns, own: Database
) -> None:
    subject = loaded(make_project(tmp_path, f"kept{rule.lower()}", WITH_TABLES[rule], table=TABLE))
    await upgrade(dsns.migrator, plugins=subject.host.migrations())
    assert {one.rule for one in await check_tables(subject, own)} == {rule}


async def test_a_table_without_walls_is_found_in_the_database(tmp_path: Path, dsns: Dsns, own: Database) -> None:
    bare = MIGRATION.replace("SELECT app.protect('x_@ID@_thing')", "SELECT 1").replace("@TABLE@", TABLE)
    name = "src/anxin_@ID@/migrations/versions/0001_thing.py"
    subject = loaded(make_project(tmp_path, "nowalls", table=TABLE, files={name: bare}))
    await upgrade(dsns.migrator, plugins=subject.host.migrations())
    assert [one.rule for one in await check_tables(subject, own)] == ["M2"]


@pytest.mark.parametrize("name", ["petclinic", "supplements"])
async def test_our_own_verticals_keep_what_the_kit_asks_of_hooks_and_tables(name: str, database: Database) -> None:
    subject = load_subject(Candidate(name, f"plugins.{name}:plugin"))
    assert isinstance(subject, Subject)
    found = (*await check_answers(subject, reader_of(database)), *await check_tables(subject, database))
    # How long a hook held the loop depends on what else the machine did: it decides no test of ours.
    assert [one for one in found if one.rule not in {"B1", "B2"}] == []


def test_every_rule_has_a_plugin_that_breaks_it() -> None:
    elsewhere = {"S1", "X2", "X3", "M1", "M2", "M3", "I1", "I2"}
    # I1 and I2 are kept by the host whatever a plugin does: tests/plugins/test_off_means_off.py.
    assert {*STATIC, *ASKED, *WITH_TABLES, *elsewhere} == set(RULES)
