"""The supplement retailer: advice from a table with its source, complaint lanes, orders and parcels, follow-up, members."""

from plugins.api import Plugin, both
from plugins.supplements.settings import Settings
from plugins.supplements.tables import NAMES

plugin = Plugin(
    id="supplements",
    title=both("营养补充剂", "Supplements"),
    vendor="Anxin",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="retail",
    summary=both(
        "售前三问与补钙计算器、四类投诉时限、订单与物流异常、效果跟踪和会员，来自钙片行业的文件。",
        "Three questions and a calculator, complaint lanes, orders and parcels, follow-up of the effect, members.",
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
        "panels",
        "surface",
        "showing",
        "acting",
        "upkeep",
    ),
    settings=Settings,
    settings_version=1,
    tables=NAMES,
    permissions=("orders", "approve", "advice"),
    data_kinds=(
        both("家人的健康信息（售前登记）", "Health of family members (pre-sale form)"),
        both("订单、包裹与物流动态", "Orders, parcels and the carriers' events"),
        both("骨密度与活动量读数", "Readings of bone density and activity"),
    ),
    contact="supplements@anxin.example",
    verticals=("supplement_retail",),
)
