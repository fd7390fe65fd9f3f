"""The manifest: all that an administrator is asked to trust."""

from anxin_dental.settings import Settings
from plugins.api import Plugin, both

plugin = Plugin(
    id="dental",
    title=both("口腔诊所", "Dental clinic"),
    vendor="Anxin examples",
    version="1.0.0",
    hook_api=">=1.0,<2",
    category="clinic",
    summary=both("口腔初诊登记、投诉分级与种植体批号", "Dental intake, levels of complaints, lots of implants"),
    modules=("intake", "complaints", "groups", "implants"),
    settings=Settings,
    tables=("x_dental_implant",),
    data_kinds=(both("用药与过敏", "Medication and allergies"), both("种植体批号", "Lots of implants")),
    contact="dental@example.com",
)
