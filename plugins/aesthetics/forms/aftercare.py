"""What is asked after a plan and after a procedure: the answer to the plan, and the outcome with signs of a complication."""

from plugins.aesthetics.forms.parts import SYSTEM
from plugins.api import (
    BoolField,
    ChoiceField,
    Condition,
    Field,
    FlagRule,
    Form,
    MultiField,
    Option,
    RatingField,
    TextField,
    both,
)

OUTCOME = "aesthetics.outcome"
# Own list, to be confirmed by the clinic's doctors; the document asks for 并发症处理SOP without naming the signs.
SIGNS = (
    ("bleeding", both("持续出血或血肿", "Bleeding or a growing bruise")),
    ("fever", both("发热", "Fever")),
    ("infection", both("红肿热痛加重或流脓", "More redness, heat or pain, or pus")),
    ("pale", both("皮肤发白、发紫或起花斑", "Skin pale, blue or mottled")),
    ("sight", both("视物模糊或视力下降", "Blurred or weaker sight")),
    ("breath", both("呼吸困难或全身起疹", "Hard to breathe, or a rash all over")),
    ("numb", both("麻木或活动异常", "Numbness, or it does not move as before")),
)
SIGN_CODES = frozenset(code for code, _ in SIGNS)
PLAN_FORM = Form(
    id="plan_reply",
    title=both("您对方案的意见", "Your answer to the plan"),
    purpose="survey",
    intro=both("咨询师已把方案和对比案例讲给您听，您可以慢慢考虑。", "The consultant has shown you the plan and the cases. Take your time."),
    fields=(
        ChoiceField(
            key="decision",
            label=both("您的决定", "Your decision"),
            required=True,
            options=(
                Option("agree", both("同意方案", "I agree")),
                Option("questions", both("还有疑问，请联系我", "I have questions, please call me")),
                Option("no", both("暂不考虑", "Not now")),
            ),
        ),
        BoolField(key="risks_told", label=both("风险已向我说明", "The risks were explained to me")),
        RatingField(key="trust", label=both("您对我们的信任程度", "How much do you trust us"), min=1, max=5),
        TextField(key="comment", label=both("还想说什么？", "Anything else?"), max_length=1000, multiline=True),
    ),
    flags=(
        # 服务体系建设7大维度 (facts consent.risk_skipped): 跳过风险告知环节
        FlagRule(
            id="risks_not_told",
            title=both("客户表示未听到风险说明", "The customer was not told the risks"),
            reason=both("请医生补充风险告知后再继续。", "A doctor explains them before anything goes on."),
            when=Condition(field="risks_told", op="eq", value=False),
            source=SYSTEM,
        ),
    ),
)  # fmt: skip
_ASKED: tuple[Field, ...] = (
    MultiField(
        key="signs",
        label=both("有没有下面的情况？没有就不选", "Do you have any of these? Leave empty if not"),
        options=tuple(Option(code, label) for code, label in SIGNS),
    ),
    TextField(
        key="signs_words",
        label=both("从什么时候开始，什么样", "Since when, and how is it"),
        max_length=500,
        multiline=True,
        visible_when=Condition(field="signs", op="not_empty"),
    ),
    RatingField(
        key="csat", label=both("对目前恢复满意吗？", "How satisfied are you so far?"), required=True, min=1, max=5
    ),
    TextField(key="comment", label=both("还想说什么？", "Anything else?"), max_length=1000, multiline=True),
)
OUTCOME_FORM = Form(
    id="outcome",
    title=both("术后 48 小时回访", "Follow-up 48 hours after the procedure"),
    purpose="survey",
    intro=both("如果视力变化、剧痛或呼吸困难，请立即拨打 120 并联系我们。", "If your sight changes, or with severe pain or trouble to breathe, call an ambulance at once, then us."),
    fields=_ASKED,
    flags=(
        FlagRule(
            id="complication",
            title=both("疑似术后并发症", "Perhaps a complication"),
            reason=both("按并发症处理流程执行，医生立即联系。", "Work through the complication checklist; a doctor calls at once."),
            when=Condition(field="signs", op="not_empty"),
            source=f"{SYSTEM}：术后48小时必回访、并发症处理SOP",
        ),
    ),
)  # fmt: skip
