"""A plugin for the tests of surveys: one form that asks NPS, CSAT and CES with a comment."""

import msgspec

from plugins.api import Plugin, both


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to set."""


plugin = Plugin(
    id="asking",
    title=both("问卷", "Asking"),
    vendor="Tests",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="clinic",
    summary=both("测试用", "For tests"),
    modules=("forms",),
    settings=Settings,
    settings_version=1,
    contact="asking@example.org",
)
