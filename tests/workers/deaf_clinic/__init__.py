"""A plugin for the tests of events: it fails whenever it hears one."""

from plugins.api import Plugin, both

plugin = Plugin(
    id="deaf",
    title=both("失聪", "Deaf"),
    vendor="Tests",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="clinic",
    summary=both("测试用", "For tests"),
    modules=("events",),
)
