"""A plugin for the tests of forms: it refuses answers, asks nobody's name, and knows no pets."""

import msgspec

from plugins.api import Plugin, both


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to set."""


plugin = Plugin(
    id="strict",
    title=both("严格", "Strict"),
    vendor="Tests",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="clinic",
    summary=both("测试用", "For tests"),
    modules=("forms",),
    settings=Settings,
    settings_version=1,
    contact="strict@example.org",
)
