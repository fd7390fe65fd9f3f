"""The pet clinic: intake, complaint levels and member tiers of the two pet documents, as one plugin."""

from plugins.api import Plugin, both
from plugins.petclinic.settings import Settings

plugin = Plugin(
    id="petclinic",
    title=both("宠物医院", "Pet clinic"),
    vendor="Anxin",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="clinic",
    summary=both(
        "就诊登记四要素、三级投诉响应与时限、普通/银卡/金卡会员，全部来自宠物医院的两份文件。",
        "Four-element visit intake, complaint levels with their deadlines, and normal, silver and gold members.",
    ),
    modules=(
        "customers",
        "forms",
        "panels",
        "complaints",
        "causes",
        "policies",
        "assess",
        "remedies",
        "scripts",
        "loyalty",
        "segments",
        "settings",
    ),
    settings=Settings,
    settings_version=1,
    data_kinds=(both("宠物的健康信息（就诊登记）", "Health of pets (intake form)"),),
    contact="petclinic@anxin.example",
    verticals=("pet_clinic", "pet_hospital", "pet_services"),
)
