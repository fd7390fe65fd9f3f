"""Writes small plugins to disk, loads them, and puts calls to hooks in one line."""

import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from core.hooks.breaker import Breaker
from core.hooks.dispatch import Decision, TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.kinds import Spec
from core.hooks.loader import Candidate
from core.scope import SYSTEM

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
A, B = UUID(int=0xA), UUID(int=0xB)

MANIFEST = """
from plugins.api import Plugin, both
plugin = Plugin(
    id={name!r},
    title=both("样例", "Sample"),
    vendor="Somebody",
    version="1.0",
    hook_api={hook_api!r},
    category="test",
    summary=both("只用于测试", "For tests only"),
    modules=("hooks",),
    {more}
)
"""

Write = Callable[..., Candidate]


@pytest.fixture
def write_plugin(tmp_path: Path) -> Iterator[Write]:
    """Write a plugin package whose module `hooks` is `source`; `manifest` and `more` change the manifest."""
    before = set(sys.modules)
    sys.path.insert(0, str(tmp_path))

    def write(
        name: str,
        source: str = "",
        *,
        hook_api: str = ">=1.0,<2",
        more: str = "",
        manifest: str | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Candidate:
        package = tmp_path / f"sample_{name}"
        package.mkdir()
        text = MANIFEST.format(name=name, hook_api=hook_api, more=more) if manifest is None else manifest
        (package / "__init__.py").write_text(text, encoding="utf-8")
        for module, text in {"hooks": source, **(files or {})}.items():
            full = "from plugins.api import *\n" + textwrap.dedent(text)
            (package / f"{module}.py").write_text(full, encoding="utf-8")
        return Candidate(name, f"sample_{name}:plugin", f"dist-{name}")

    yield write
    sys.path.remove(str(tmp_path))
    for name in set(sys.modules) - before:
        if name.startswith("sample_"):
            del sys.modules[name]


class FakeTime:
    """A monotonic clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def seconds() -> FakeTime:
    return FakeTime()


@pytest.fixture
def load(seconds: FakeTime) -> Callable[..., PluginHost]:
    """Load candidates with a breaker whose clock the test moves."""

    def made(*candidates: Candidate, **more: Any) -> PluginHost:
        return PluginHost.load(candidates, breaker=Breaker(seconds), **more)

    return made


async def ask(plugins: TenantPlugins, spec: Spec[Any], **arguments: Any) -> Decision[Any]:
    """Call a decide hook at a fixed instant as the system."""
    return await plugins.decide(spec, now=NOW, locale="zh_CN", actor=SYSTEM, **arguments)
