"""A second plugin with a program, to be picked instead of the clinic's."""

from plugins.api import Plugin, both

plugin = Plugin(
    id="shop",
    title=both("会员俱乐部", "Club"),
    vendor="Test",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="shop",
    summary=both("一个等级的会员。", "Members of one tier."),
    modules=("loyalty",),
    contact="shop@example",
)
