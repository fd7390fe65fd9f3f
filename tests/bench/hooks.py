"""What a call to three implementations costs (plugins.md: at most 10 us sync, 30 us async); decides no test."""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from uuid import UUID

from core.hooks.dispatch import TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.complaints import ComplaintFacts
from core.hooks.specs.complaints import assess_complaint, complaint_categories
from core.scope import SYSTEM

NAMES = ("aa", "bb", "cc")
ROUNDS, CALLS = 100, 200
MANIFEST = """from plugins.api import Plugin, both
plugin = Plugin(id={name!r}, title=both("x", "x"), vendor="v", version="1", hook_api=">=1", category="t",
                summary=both("x", "x"), modules=("hooks",))
"""
HOOKS = """from plugins.api import Assessment, Category, hookimpl
ANSWER = Assessment(severity="L1")
@hookimpl
async def assess_complaint(ctx, complaint):
    return ANSWER
@hookimpl
def complaint_categories():
    return (Category(id="a", label="x"),)
"""


def _plugins(folder: Path) -> TenantPlugins:
    sys.path.insert(0, str(folder))
    for name in NAMES:
        package = folder / f"sample_{name}"
        package.mkdir()
        (package / "__init__.py").write_text(MANIFEST.format(name=name))
        (package / "hooks.py").write_text(HOOKS)
    host = PluginHost.load([Candidate(name, f"sample_{name}:plugin") for name in NAMES], strict=True)
    return host.for_tenant(UUID(int=1), 1, {name: {} for name in NAMES})


def _line(what: str, best: float, limit: float) -> None:
    micros = best / CALLS * 1e6
    sys.stdout.write(f"{what:36} {micros:7.2f} us{'' if micros <= limit else '  over'}\n")


async def _decide(plugins: TenantPlugins) -> float:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    complaint = ComplaintFacts(text="等太久了，前台态度很差", received_at=now)
    best = 1.0
    for _ in range(ROUNDS):
        started = process_time()
        for _ in range(CALLS):
            await plugins.decide(assess_complaint, now=now, locale="zh_CN", actor=SYSTEM, complaint=complaint)
        best = min(best, process_time() - started)
    return best


def _declared(plugins: TenantPlugins) -> float:
    best = 1.0
    for _ in range(ROUNDS):
        started = process_time()
        for _ in range(CALLS):
            plugins.declared(complaint_categories)
        best = min(best, process_time() - started)
    return best


def main() -> None:
    """Print the best round of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        plugins = _plugins(Path(folder))
        _line("declared, three plugins", _declared(plugins), 10)
        _line("decide, three implementations", asyncio.run(_decide(plugins)), 30)


if __name__ == "__main__":
    main()
