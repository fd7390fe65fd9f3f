"""The script standard of five dos and three don'ts, the complication checklist, and the 23 points of contact."""

from typing import Final, Literal

from plugins.api import Text, both

SYSTEM = "服务体系建设7大维度"
# kb.script_5do3dont: 制定"5要3不要"话术标准. The document counts them and names none: the words are own design.
DOS: Final[tuple[Text, ...]] = (
    both("要先听完需求再回应，不打断", "Do hear the wish out before you answer"),
    both("要讲清适应症和禁忌症", "Do tell for whom it is and for whom not"),
    both("要给出至少三种对比案例", "Do show at least three cases to compare"),
    both("要主动说明风险、恢复期和应对措施", "Do tell risks, recovery, and what is done against them"),
    both("要把费用和后续安排写下来", "Do put fees and what follows in writing"),
)
DONTS: Final[tuple[Text, ...]] = (
    both("不要保证效果或安全", "Don't guarantee a result or safety"),
    both("不要制造容貌焦虑或贬低客户", "Don't play on worries about looks"),
    both("不要催促当场决定或隐瞒风险", "Don't press for a decision, and don't hide risks"),
)
# 并发症处理SOP: the document asks for it without the steps; own design, to be confirmed by the clinic's doctors.
SOP: Final[tuple[tuple[str, Text], ...]] = (
    ("call", both("医生立即电话或视频查看，评估严重程度", "A doctor looks at once, by phone or video, and judges how severe it is")),
    ("emergency", both("危急征象（视力、呼吸、皮肤发白）立即急救或送急诊", "Danger signs (sight, breath, pale skin): emergency treatment or an emergency room at once")),
    ("record", both("记录时间、症状、照片和生命体征", "Record time, signs, pictures and vital signs")),
    ("treat", both("按医嘱处理并告知客户", "Treat as the doctor orders, and tell the customer")),
    ("report", both("上报医疗负责人，封存病历和同意书", "Tell the chief of medicine; secure record and consent")),
    ("again", both("24 小时内再次回访", "Call again within 24 hours")),
)  # fmt: skip
SOP_CODES: Final = tuple(code for code, _ in SOP)

Stage = Literal["enquiry", "consult", "plan", "booking", "procedure", "recovery", "care"]
STAGES: Final[dict[str, Text]] = {
    "enquiry": both("线上咨询", "Enquiry"),
    "consult": both("到院面诊", "Consult"),
    "plan": both("方案确认", "Plan"),
    "booking": both("签约预约", "Booking"),
    "procedure": both("治疗", "Procedure"),
    "recovery": both("术后恢复", "Recovery"),
    "care": both("术后关怀", "Care"),
}
# 服务体系建设7大维度 (facts journey.touchpoints): 绘制从线上咨询到术后关怀的23个关键触点. The document counts them and names the ends; the rest is own design.
TOUCHPOINTS: Final[tuple[tuple[str, Stage, str, str], ...]] = (
    ("t01", "enquiry", "线上咨询", "Enquiry online"),
    ("t02", "enquiry", "首次响应（5 分钟内）", "First answer, within 5 minutes"),
    ("t03", "enquiry", "需求登记", "Wish written down"),
    ("t04", "enquiry", "到院预约", "Visit booked"),
    ("t05", "consult", "到院接待", "Received at the clinic"),
    ("t06", "consult", "咨询师与医师并联面诊", "Consultant and doctor together"),
    ("t07", "consult", "皮肤或部位检测", "Skin or area examined"),
    ("t08", "consult", "禁忌症核查", "Contraindications checked"),
    ("t09", "plan", "方案与对比案例呈现", "Plan and cases shown"),
    ("t10", "plan", "风险告知", "Risks told"),
    ("t11", "plan", "方案发送", "Plan sent"),
    ("t12", "plan", "方案确认", "Plan agreed"),
    ("t13", "booking", "费用确认", "Fees agreed"),
    ("t14", "booking", "签署知情同意书", "Consent signed"),
    ("t15", "booking", "治疗预约与术前提醒", "Procedure booked, reminder sent"),
    ("t16", "procedure", "术前核对", "Check before the procedure"),
    ("t17", "procedure", "治疗", "Procedure"),
    ("t18", "procedure", "离院指导", "What to mind at home"),
    ("t19", "recovery", "术后 48 小时回访", "Follow-up within 48 hours"),
    ("t20", "recovery", "拆线或换药", "Stitches or dressing"),
    ("t21", "recovery", "复诊评估", "Check-up"),
    ("t22", "care", "满意度回访", "Asked how satisfied"),
    ("t23", "care", "术后关怀与再次到店", "Care, and the next visit"),
)
TOUCH_COUNT: Final = 23
TOUCH_CODES: Final = tuple(code for code, *_ in TOUCHPOINTS)
ENQUIRY, ANSWERED, SHOWN, TOLD, SENT, AGREED = "t01", "t02", "t09", "t10", "t11", "t12"
CONSENTED, TREATED, FOLLOWED = "t14", "t17", "t19"
