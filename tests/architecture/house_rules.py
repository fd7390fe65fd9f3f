"""The rules of the house that no linter knows, as functions from one module's source to what breaks them."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "plugins", "tenants", "web", "workers")
MODULE_LINES = 400
FUNCTION_LINES = 60
FORBIDDEN_NAMES = {"utils", "helpers", "common", "base", "manager", "service", "services", "misc"}
AREA_FILES = {"models", "rules", "actions", "queries", "ports"}

Problem = tuple[int, str]
Rule = Callable[[Path, str, ast.Module], Iterator[Problem]]


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def commit_only_in_the_unit_of_work(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    """A transaction of the product is ended in core/uow.py only; migrations and role set-up are not its transactions."""
    if path in {Path("core/uow.py"), Path("core/migrations/__init__.py"), Path("core/migrations/roles.py")}:
        return
    for call, name in _calls(tree):
        if name.endswith(".commit"):
            yield call.lineno, "commit() is called in core/uow.py only"


def now_only_from_the_clock(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    if path == Path("core/clock.py"):
        return
    for call, name in _calls(tree):
        if name.endswith(("datetime.now", "datetime.utcnow", "datetime.today", "date.today")):
            yield call.lineno, f"{name}() asks the machine; take now from core/clock.py or uow.now"


def rows_are_selected_in_queries_and_actions(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    """Nobody outside actions.py and queries.py (or a folder of that name) builds statements over rows."""
    places = {"actions", "queries"} & set(path.with_suffix("").parts)
    if places or path.parts[0] not in {"web", "workers", "tenants"} or "cli" in path.parts:
        return
    for node in ast.walk(tree):
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if module.startswith("core.") and module.endswith(".models") and path.parts[0] != "tenants":
            yield node.lineno, f"{module} is read by queries and changed by actions, not here"


def migrations_import_no_model(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    if "versions" not in path.parts:
        return
    for node in ast.walk(tree):
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for module in modules:
            if module.split(".")[0] in PACKAGES:
                yield node.lineno, f"a migration imports {module}; it must stay as it is when the code moves on"


def modules_begin_with_their_contract(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    if path.name == "__init__.py" and not tree.body:
        return
    if not ast.get_docstring(tree):
        yield 1, "the module's first line says in one sentence what it is for"


def modules_and_functions_stay_small(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    lines = source.count("\n")
    if lines > MODULE_LINES and "versions" not in path.parts:
        yield lines, f"{lines} lines; split it at {MODULE_LINES}"
    for function in _functions(tree):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES:
            yield function.lineno, f"{function.name} has {length} lines; split it at {FUNCTION_LINES}"


def names_say_what_is_inside(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    for part in path.with_suffix("").parts:
        if part in FORBIDDEN_NAMES:
            yield 1, f"{part} says nothing about what is inside"


def queries_read_and_actions_do(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    """Public functions of queries.py start with find_, list_, get_ or count_; those of actions.py take keywords only."""
    if path.parts[0] not in {"core", "tenants"} or path.stem not in {"queries", "actions"}:
        return
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if path.stem == "queries" and not node.name.startswith(("find_", "list_", "get_", "count_")):
            yield node.lineno, f"{node.name}: a query starts with find_, list_, get_ or count_"
        if path.stem == "actions" and len(node.args.args) + len(node.args.posonlyargs) > 2:
            yield node.lineno, f"{node.name}: an action takes its unit and one thing, the rest by keyword"


def annotations_are_read_at_run_time(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    if path.parts[0] == "web" or path.name == "models.py":
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                yield node.lineno, "Litestar and SQLAlchemy read annotations at run time"


def no_import_inside_a_function(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    """A circle is broken by a port; command-line modules may load late so that `--help` is quick."""
    if "cli" in path.parts:
        return
    for function in _functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node.lineno, "an import inside a function hides a circle"


_MARK = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def nothing_is_left_for_later(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    for number, line in enumerate(source.splitlines(), 1):
        if _MARK.search(line):
            yield number, "say it in an issue or do it"


def suppressions_carry_a_reason(path: Path, source: str, tree: ast.Module) -> Iterator[Problem]:
    for number, line in enumerate(source.splitlines(), 1):
        for mark in ("# noqa", "# type: ignore", "# pragma: no cover", "# pyright: ignore"):
            at = line.find(mark)
            if at < 0:
                continue
            rest = line[at + len(mark) :]
            named = mark == "# pragma: no cover" or rest.lstrip().startswith((":", "["))
            if not named or not re.search(r"\s[-#]\s*\S+\s+\S+", rest):
                yield number, f"{mark[2:]} names its rule and says why: `{mark}: X000 - reason`"


RULES: tuple[Rule, ...] = (
    commit_only_in_the_unit_of_work,
    now_only_from_the_clock,
    rows_are_selected_in_queries_and_actions,
    migrations_import_no_model,
    modules_begin_with_their_contract,
    modules_and_functions_stay_small,
    names_say_what_is_inside,
    queries_read_and_actions_do,
    annotations_are_read_at_run_time,
    no_import_inside_a_function,
    nothing_is_left_for_later,
    suppressions_carry_a_reason,
)


def product_modules() -> list[Path]:
    """Return every module of the product, relative to the root."""
    found = (path.relative_to(ROOT) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return [path for path in found if "node_modules" not in path.parts]
