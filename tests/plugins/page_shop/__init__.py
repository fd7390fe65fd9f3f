"""A plugin for the tests of pages, jobs and effects: a shop with orders, of which some are late."""

from plugins.api import Plugin, both
from tests.plugins.page_shop.settings import Own

plugin = Plugin(
    id="pageshop",
    title=both("样例商店", "Sample shop"),
    vendor="Tests",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="shop",
    summary=both("测试用", "For tests"),
    modules=("surface", "pages", "upkeep"),
    settings=Own,
    tables=("x_pageshop_order",),
)
