"""What can be seen in the source without running it: imports of the engine, blocking calls, network, deprecated names."""

import ast
from collections.abc import Iterator
from typing import Final

import msgspec

from core.hooks.loader import Candidate
from plugins.testing.findings import Finding
from plugins.testing.subject import parsed

_OURS: Final = frozenset({"core", "tenants", "web", "workers"})
_ENGINES: Final = frozenset({"litestar", "arq", "asyncpg", "psycopg", "psycopg2", "sqlite3", "redis", "pluggy"})
_ENGINE_NAMES: Final = frozenset({"create_engine", "create_async_engine", "sessionmaker", "async_sessionmaker"})
_NETWORK: Final = frozenset(
    {"requests", "httpx", "aiohttp", "urllib3", "urllib.request", "http.client", "smtplib", "socket", "stripe"}
)
_BLOCKING: Final = frozenset(
    {"time.sleep", "os.system", "subprocess.run", "subprocess.check_output", "subprocess.call", "input", "open"}
)


class Deprecation(msgspec.Struct, frozen=True):
    """A name of the API that goes away: since when, until when, and what stands in its place."""

    since: str
    until: str
    instead: str


DEPRECATED: Final[dict[str, Deprecation]] = {}
"""Names of plugins.api and of hooks; hook API 1.0 has taken nothing away yet."""


def check_source(candidate: Candidate) -> Iterator[Finding]:
    """Yield what the source gives away, each with file:line."""
    for file, tree in parsed(candidate):
        yield from _imports(file, tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.AsyncFunctionDef):
                yield from _blocking(file, node)


def deprecated_uses(candidate: Candidate) -> Iterator[tuple[str, str]]:
    """Yield file:line and words for each use of something that goes away."""
    for file, tree in parsed(candidate):
        for node in ast.walk(tree):
            for name in _names(node):
                if (entry := DEPRECATED.get(name)) is not None:
                    words = f"{name} is deprecated since hook API {entry.since}, gone in {entry.until}: {entry.instead}"
                    yield f"{file}:{getattr(node, 'lineno', 1)}", words


def _names(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.ImportFrom) and node.module == "plugins.api":
        return tuple(alias.name for alias in node.names)
    return (node.name,) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else ()


def _imports(file: str, tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [(alias.name, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        where = f"{file}:{node.lineno}"
        for module, name in names:
            top = module.partition(".")[0]
            if top in _OURS or top in _ENGINES:
                yield Finding("L4", f"imports {module}; a plugin's world is plugins.api", where)
            elif top == "sqlalchemy" and name in _ENGINE_NAMES:
                yield Finding("L4", f"imports {name}; sessions come with ctx", where)
            elif module in _NETWORK or top in _NETWORK or f"{module}.{name}" in _NETWORK:
                yield Finding(
                    "T1", f"imports {module}; a trial must send nothing, so hand out an effect instead", where
                )


def _blocking(file: str, function: ast.AsyncFunctionDef) -> Iterator[Finding]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _BLOCKING:
            words = f"{function.name} calls {ast.unparse(node.func)}, and every tenant waits"
            yield Finding("B1", words, f"{file}:{node.lineno}")
