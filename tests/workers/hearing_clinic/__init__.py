"""A plugin for the tests of events: it writes down which it heard."""

from plugins.api import Plugin, both

plugin = Plugin(
    id="hearing",
    title=both("听见", "Hearing"),
    vendor="Tests",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="clinic",
    summary=both("测试用", "For tests"),
    modules=("events",),
)
