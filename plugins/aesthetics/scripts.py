"""What the clinic says after a complaint: understanding first, in the order of the five dos, and none of the three don'ts."""

from plugins.aesthetics.standard import DONTS, DOS, SYSTEM
from plugins.api import Script, Text, both, hookimpl, localized

OWN = "own design"
_FIRST = ("ack_contact", "leader_on_site")


def _standard(locale: str) -> str:
    lines = [f"{place}. {localized(one, locale)}" for place, one in enumerate((*DOS, *DONTS), 1)]
    return "\n".join(lines)


STANDARD: Text = both(
    f"回复前核对“5要3不要”：\n{_standard('zh-CN')}", f"Before you answer, five dos and three don'ts:\n{_standard('en')}"
)
SCRIPTS = (
    Script(
        id="empathy_first",
        label=both("共情：先听客户说", "Understanding: listen first"),
        text=both(
            "{customer}您好，我理解您现在的心情，换作是我也会着急。我是{me}，您的投诉 {number} 由我跟进，{due} 前给您答复。",
            "Dear {customer}, I understand how you feel. I am {me}, I look after your complaint {number}, and you hear from me by {due}.",
        ),
        milestones=_FIRST,
        source=f"{OWN}; empathy first as 宠物医院客户投诉应急预案 §1.3",
    ),
    Script(
        id="empathy_complication",
        label=both("共情：术后不舒服", "Understanding: unwell after a procedure"),
        text=both(
            "{customer}您好，听到您不舒服，我们很担心。请先不要按压或自行用药，医生马上联系您；如果视物模糊、呼吸困难或剧痛，请立即拨打 120 并告诉我们。",
            "Dear {customer}, we are worried to hear that you are unwell. Please do not press on it or treat it yourself; a doctor "
            "contacts you at once. With blurred sight, trouble to breathe or severe pain call an ambulance and tell us.",
        ),
        task=both("请医生按并发症 SOP 处理（{number}）", "A doctor works through the complication checklist ({number})"),
        task_hours=1,
        milestones=(*_FIRST, "doctor_sees"),
        categories=("medical",),
        source=f"{SYSTEM} 并发症处理SOP",
    ),
    Script(
        id="empathy_photo",
        label=both("共情：照片被使用", "Understanding: pictures were used"),
        text=both(
            "{customer}您好，照片属于您的隐私，您的担心完全有道理，很抱歉。我们已先停止使用并撤下，核实后把经过和结果书面告诉您。",
            "Dear {customer}, your pictures are private, and you are right to worry; we are sorry. Their use is stopped and they are taken "
            "down now; you get in writing what happened.",
        ),
        task=both("撤下照片并核对照片使用同意书（{number}）", "Take the pictures down and check the consent ({number})"),
        task_hours=1,
        milestones=_FIRST,
        categories=("candour_photo",),
        source="个人信息保护法 28-31",
    ),
    Script(
        id="risk_explained",
        label=both("补充风险说明", "Explain the risks now"),
        text=both(
            "{customer}您好，没有把风险讲清楚，我很抱歉。我请医生和您当面逐条说明适应症、禁忌症、风险和注意事项，并回答您的疑问。",
            "Dear {customer}, I am sorry that the risks were not made clear. A doctor will go through indication, contraindications, "
            "risks and precautions with you, and answer your questions.",
        ),
        categories=("candour_risk", "candour_promise"),
        source="医疗美容服务管理办法 第二十条",
    ),
    Script(
        id="standard_check",
        label=both("核对“5要3不要”", "Check the five dos and three don'ts"),
        note=STANDARD,
        source=f"{SYSTEM} 5要3不要",
    ),
    Script(
        id="result_told",
        label=both("告知结果并确认满意", "Tell the result and ask"),
        text=both(
            "{customer}您好，让您费心了，抱歉。您反映的问题已经处理：……。您看这样是否满意？",
            "Dear {customer}, sorry for the trouble. What you told us has been dealt with: …. Are you satisfied with it?",
        ),
        milestones=("result_feedback", "satisfaction_confirm"),
        source=OWN,
    ),
)  # fmt: skip


@hookimpl
def complaint_scripts() -> tuple[Script, ...]:
    """Return them, those for understanding first."""
    return SCRIPTS
