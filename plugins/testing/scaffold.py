"""The files of a new plugin that is bronze from its first minute."""

import re
from collections.abc import Mapping
from typing import Final

_NAME: Final = re.compile(r"[a-z][a-z0-9]{1,29}")

_FILES: Final = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "anxin-@NAME@"
version = "0.1.0"
description = "The @NAME@ plugin for Anxin."
readme = "README.md"
requires-python = ">=3.11"
dependencies = []  # `anxin` itself is there wherever a plugin runs

[project.optional-dependencies]
test = ["pytest"]

[project.entry-points."anxin.plugins"]
@NAME@ = "anxin_@NAME@:plugin"

[tool.hatch.build.targets.wheel]
packages = ["src/anxin_@NAME@"]

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["src"]
anyio_mode = "auto"
""",
    "conformance.toml": """\
# What `anxin plugin check` and the tests hold this plugin to: bronze, silver or gold.
level = "bronze"

# A rule that cannot be kept, with the reason that everybody is shown:
# [exempt]
# L2 = "..."

# Complaints and the level that each must get (gold, V2):
# [[complaints]]
# text = "..."
# severity = "L3"
""",
    "README.md": """\
# @NAME@

A plugin for Anxin. Say here what it does, for which trade, which personal data it reads or keeps, and whom to ask.

    anxin plugin check
    anxin plugin test
    anxin plugin pack
""",
    "src/anxin_@NAME@/__init__.py": '''\
"""The manifest: all that an administrator is asked to trust."""

from anxin_@NAME@.settings import Settings
from plugins.api import Plugin, both

plugin = Plugin(
    id="@NAME@",
    title=both("@NAME@", "@NAME@"),
    vendor="Your name",
    version="0.1.0",
    hook_api=">=1.0,<2",
    category="other",
    summary=both("一句话说明用途", "What it is for, in one sentence"),
    modules=("complaints",),
    settings=Settings,
    contact="you@example.com",
)
''',
    "src/anxin_@NAME@/settings.py": '''\
"""What a tenant may set; every value has a default."""

from typing import Annotated

import msgspec

from plugins.api import Meta, words


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field for each setting."""

    watch_delays: Annotated[bool, Meta(extra_json_schema=words("关注等候投诉", "Watch complaints about waiting"))] = True
''',
    "src/anxin_@NAME@/complaints.py": '''\
"""What people complain about, and how grave it is."""

from anxin_@NAME@.settings import Settings
from plugins.api import Assessment, Category, ComplaintFacts, DecideContext, Reason, both, hookimpl


@hookimpl
def complaint_categories() -> tuple[Category, ...]:
    return (Category(id="waiting", label=both("等候", "Waiting")),)


@hookimpl
async def assess_complaint(ctx: DecideContext[Settings], complaint: ComplaintFacts) -> Assessment | None:
    if not ctx.settings.watch_delays or "等" not in complaint.text:
        return None
    reason = Reason(code="waiting", severity="L1", text=both("客户等候过久", "The customer waited too long"))
    return Assessment(severity="L1", category="waiting", reasons=(reason,))
''',
    "tests/conftest.py": '''\
"""The kit's fixtures: project, host, tenant, other_tenant, make_tenant, clock, factories, database, faults."""

pytest_plugins = ["plugins.testing.fixtures"]
''',
    "tests/test_conformance.py": '''\
"""One test for each rule of the kit, up to the level in conformance.toml."""

from plugins.testing.suite import Conformance


class TestConformance(Conformance):
    """Add tests of your own beside it."""
''',
    "tests/test_complaints.py": '''\
"""Complaints about waiting get their category, unless the tenant does not want it."""


async def test_a_complaint_about_waiting_gets_its_category(tenant, factories):
    decision = await tenant.decide("assess_complaint", complaint=factories.complaint("等了两个小时"))
    assert [answer.value.category for answer in decision.answers] == ["@NAME@.waiting"]


async def test_a_tenant_may_switch_it_off(make_tenant, factories):
    tenant = make_tenant(watch_delays=False)
    decision = await tenant.decide("assess_complaint", complaint=factories.complaint("等了两个小时"))
    assert decision.answers == ()
''',
}


def is_plugin_name(name: str) -> bool:
    """Tell whether a plugin may be called so."""
    return _NAME.fullmatch(name) is not None


def scaffold(name: str) -> Mapping[str, str]:
    """Return path -> content of a new plugin's project."""
    return {path.replace("@NAME@", name): text.replace("@NAME@", name) for path, text in _FILES.items()}
