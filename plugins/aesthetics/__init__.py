"""Medical aesthetics: consults against the clock, plans with cases, consents, follow-up within 48 hours, the journey."""

from plugins.aesthetics.settings import Settings
from plugins.aesthetics.tables import NAMES
from plugins.api import Plugin, both

plugin = Plugin(
    id="aesthetics",
    title=both("医疗美容", "Medical aesthetics"),
    vendor="Anxin",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="clinic",
    summary=both(
        "5 分钟咨询响应、方案与对比案例、知情同意与照片隐私、术后 48 小时回访、23 个触点漏斗和投诉判级。",
        "Consults answered in 5 minutes, plans with cases, consents, pictures, follow-up in 48 hours, 23 touchpoints, complaints.",
    ),
    modules=(
        "settings",
        "customers",
        "segments",
        "forms",
        "complaints",
        "levels",
        "assess",
        "remedies",
        "scripts",
        "wording",
        "panels",
        "surface",
        "showing",
        "acting",
        "upkeep",
    ),
    settings=Settings,
    settings_version=1,
    tables=NAMES,
    permissions=("consult", "care", "journey"),
    data_kinds=(
        both("求美者的健康信息与签字的同意书", "Health of patients, and consents they signed"),
        both("咨询、方案、治疗与回访记录", "Consults, plans, procedures and follow-ups"),
        both("照片使用同意的状态（不含照片）", "Whether pictures may be used (no pictures)"),
    ),
    contact="aesthetics@anxin.example",
    verticals=("medical_aesthetics",),
)
