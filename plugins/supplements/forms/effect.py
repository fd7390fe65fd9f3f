"""The questionnaire on the effect, sent in a series after delivery, and the two figures of a check-up report."""

from plugins.api import (
    BoolField,
    ChoiceField,
    Condition,
    DateField,
    FlagRule,
    Form,
    NumberField,
    Option,
    RatingField,
    TextField,
    both,
)
from plugins.supplements.forms.parts import GUIDE, WHO

EFFECT = "supplements.effect"
# 定期推送“效果跟踪问卷” (care.calcium_file, care.effect_questionnaire); the questions are own design.
EFFECT_FORM = Form(
    id="effect",
    title=both("补钙效果跟踪", "How is it going"),
    purpose="survey",
    intro=both("两分钟，帮我们调整您的补钙方案。", "Two minutes that help us adjust your plan."),
    fields=(
        ChoiceField(
            key="taken",
            label=both("最近一个月怎么吃的？", "How did you take it in the last month?"),
            required=True,
            options=(
                Option("daily", both("每天", "Every day")),
                Option("often", both("大多数日子", "Most days")),
                Option("seldom", both("偶尔", "Now and then")),
                Option("stopped", both("已经停了", "Stopped")),
            ),
        ),
        RatingField(
            key="csat",
            label=both("对效果满意吗？", "How satisfied are you with the effect?"),
            help=both("1 很不满意，5 非常满意。", "1 very dissatisfied, 5 very satisfied."),
            required=True,
            min=1,
            max=5,
        ),
        BoolField(key="unwell", label=both("服用后有不舒服", "Unwell after taking it")),
        TextField(
            key="unwell_what",
            label=both("哪里不舒服", "What was it"),
            required=True,
            max_length=500,
            multiline=True,
            visible_when=Condition(field="unwell", op="eq", value=True),
        ),
        NumberField(
            key="bone_density_t",
            label=both("最近骨密度 T 值（没有就留空）", "Latest bone density, T-score (empty if none)"),
            min=-10,
            max=10,
            decimals=1,
        ),
        RatingField(
            key="nps",
            label=both("您有多大可能把我们推荐给朋友？", "How likely are you to recommend us to a friend?"),
            min=0,
            max=10,
        ),
        TextField(key="comment", label=both("还想说什么？", "Anything else?"), max_length=1000, multiline=True),
    ),
    flags=(
        FlagRule(
            id="unwell",
            title=both("服用后不适", "Unwell after taking it"),
            # 24小时内提供“医学建议”或“专业检测服务” (care.doctor_advice_24h)
            reason=both(
                "健康顾问 24 小时内给出医学建议或安排检测。",
                "A health adviser gives advice or arranges a test within 24 hours.",
            ),
            when=Condition(field="unwell", op="eq", value=True),
            source=f"{GUIDE} care.doctor_advice_24h",
        ),
        FlagRule(
            id="no_effect",
            title=both("对效果不满意", "Not satisfied with the effect"),
            reason=both(
                "研发团队 24 小时内给出效果评估报告或解决方案。",
                "The research team gives an effect report or a solution within 24 hours.",
            ),
            when=Condition(field="csat", op="lte", value=2),
            tone="warning",
            source=f"{GUIDE} retail.efficacy",
        ),
    ),
)
# 提供“体检报告解读”服务,重点分析“钙相关指标”(如血钙、骨密度) (care.season: two indicators); no limits are told, so none flag.
REPORT_FORM = Form(
    id="report",
    title=both("体检报告解读", "Reading a check-up report"),
    purpose="intake",
    intro=both("填两项钙相关指标，健康顾问为您解读。", "Two figures about calcium; a health adviser reads them for you."),
    fields=(
        *WHO,
        DateField(key="examined_on", label=both("体检日期", "Day of the check-up"), required=True, max="today"),
        NumberField(
            key="blood_calcium", label=both("血钙", "Blood calcium"), unit=both("毫摩尔/升", "mmol/L"), min=0, max=10,
            decimals=2,
        ),
        NumberField(
            key="bone_density_t", label=both("骨密度 T 值", "Bone density, T-score"), min=-10, max=10, decimals=1
        ),
        TextField(key="question", label=both("想问什么", "What would you like to ask"), max_length=500, multiline=True),
    ),
)  # fmt: skip
