"""The supplement retailer: three questions before a sale, who needs a human adviser, and three types of need."""

from plugins.api import Plugin, both
from plugins.supplements.settings import Settings

plugin = Plugin(
    id="supplements",
    title=both("营养补充剂", "Supplements"),
    vendor="Anxin",
    version="0.1.0",
    hook_api=">=1.0,<2",
    category="retail",
    summary=both(
        "售前三问、特殊人群提醒、三类补钙需求，全部来自钙片行业的文件。",
        "Three questions before a sale, alerts for special groups, and three types of calcium need.",
    ),
    modules=(
        "customers",
        "forms",
        "segments",
        "settings",
        "complaints",
        "causes",
        "lanes",
        "assess",
        "remedies",
        "scripts",
        "loyalty",
    ),
    settings=Settings,
    settings_version=1,
    data_kinds=(both("家人的健康信息（售前登记）", "Health of family members (pre-sale form)"),),
    contact="supplements@anxin.example",
)
