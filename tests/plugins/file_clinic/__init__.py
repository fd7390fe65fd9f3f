"""A plugin for the tests of tables: it writes into its own what it hears."""

from plugins.api import Plugin, both

plugin = Plugin(
    id="fileclinic",
    title=both("档案", "Files"),
    vendor="Tests",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="clinic",
    summary=both("测试用", "For tests"),
    modules=("staff_file",),
    tables=("x_fileclinic_staff_record",),
)
