"""A plugin whose judge always fails."""

from plugins.api import Plugin, both

plugin = Plugin(
    id="failingjudge",
    title=both("出错的判级", "A judge that fails"),
    vendor="Tests",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="clinic",
    summary=both("测试用", "For tests"),
    modules=("judge",),
)
