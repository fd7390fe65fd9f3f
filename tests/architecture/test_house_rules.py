"""Every module keeps the rules of the house, and every rule catches what it is for."""

import ast
import re
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

from tests.architecture import house_rules
from tests.architecture.house_rules import PACKAGES, ROOT, RULES, Rule, product_modules

# rule -> (path, a source that keeps it, a source that breaks it)
SAMPLES = {
    "commit_only_in_the_unit_of_work": ("web/x.py", "await uow.finish()", "await session.commit()"),
    "now_only_from_the_clock": ("core/x/rules.py", "now = uow.now", "now = datetime.now(UTC)"),
    "rows_are_selected_in_queries_and_actions": (
        "web/routes/x.py",
        "from core.customers.queries import get_customer",
        "from core.customers.models import Customer",
    ),
    "migrations_import_no_model": (
        "core/migrations/versions/0009_x.py",
        "from alembic import op",
        "from core.customers.models import Customer",
    ),
    "modules_begin_with_their_contract": ("core/x.py", '"""What x is for."""\nA = 1', "A = 1"),
    "modules_and_functions_stay_small": ("core/x.py", "A = 1\n", "A = 1\n" * 401),
    "names_say_what_is_inside": ("core/phones/rules.py", "A = 1", None),
    "queries_read_and_actions_do": (
        "core/x/queries.py",
        "async def find_x(reader): ...",
        "async def load_x(reader): ...",
    ),
    "annotations_are_read_at_run_time": ("web/x.py", "import typing", "from __future__ import annotations"),
    "no_import_inside_a_function": ("core/x.py", "import a\ndef f(): a.b()", "def f():\n    import a"),
    "nothing_is_left_for_later": ("core/x.py", "# done", "# TO" + "DO: later"),
    "suppressions_carry_a_reason": (
        "core/x.py",
        "a = 1  # no" + "qa: E501 - the table is wider than a line",
        "a = 1  # no" + "qa",
    ),
}


def test_the_product_keeps_the_rules() -> None:
    broken = []
    for path in product_modules():
        source = (ROOT / path).read_text()
        tree = ast.parse(source)
        broken += [f"{path}:{line}: {why}" for rule in RULES for line, why in rule(path, source, tree)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_tells_a_good_module_from_a_bad_one(rule: Rule) -> None:
    place, good, bad = SAMPLES[rule.__name__]
    assert list(rule(Path(place), good, ast.parse(good))) == []
    if bad is None:
        place, bad = "core/utils.py", good
    assert list(rule(Path(place), bad, ast.parse(bad)))


def test_long_functions_are_found() -> None:
    source = "def f():\n" + "    a = 1\n" * 60
    assert list(house_rules.modules_and_functions_stay_small(Path("core/x.py"), source, ast.parse(source)))


def test_an_action_with_many_positional_arguments_is_found() -> None:
    source = "async def do_x(uow, a, b): ..."
    assert list(house_rules.queries_read_and_actions_do(Path("core/x/actions.py"), source, ast.parse(source)))


def test_our_five_names_belong_to_our_distribution() -> None:
    ours = packages_distributions()
    for package in PACKAGES:
        assert set(ours.get(package, ["anxin"])) == {"anxin"}, f"another distribution also ships {package}"
    assert distribution("anxin").metadata["Name"] == "anxin"


def test_every_dependency_is_pinned_exactly() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert [line for line in wanted if "==" not in line] == []


def test_every_path_named_in_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`((?:core|plugins|tenants|web|workers|tests|docs)/[\w./-]*)`", readme))
    named |= set(re.findall(r"\]\(((?!http)[^)#]+)\)", readme))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
