"""The survey after a visit: would you recommend us, were you satisfied, was it easy."""

from plugins.api import Form, RatingField, TextField, both

SATISFACTION = "petclinic.satisfaction"
# 2025东营宠物诊所客户服务策略 §3.1.2: 每季度发放问卷，每月选取10%客户进行电话访谈. The three questions are own design.
FORM = Form(
    id="satisfaction",
    title=both("就诊满意度", "How was your visit"),
    purpose="survey",
    intro=both("三个问题，不到一分钟。", "Three questions, less than a minute."),
    fields=(
        RatingField(
            key="nps",
            label=both("您有多大可能把我们推荐给朋友？", "How likely are you to recommend us to a friend?"),
            help=both("0 完全不会，10 一定会。", "0 not at all, 10 certainly."),
            min=0,
            max=10,
        ),
        RatingField(
            key="csat",
            label=both("您对这次服务满意吗？", "How satisfied were you with this visit?"),
            help=both("1 很不满意，5 非常满意。", "1 very dissatisfied, 5 very satisfied."),
            required=True,
            min=1,
            max=5,
        ),
        RatingField(
            key="ces",
            label=both("在我们这里办事容易吗？", "How easy was it to get what you needed?"),
            help=both("1 非常费劲，7 非常容易。", "1 very hard, 7 very easy."),
            min=1,
            max=7,
        ),
        TextField(
            key="comment",
            label=both("还想对我们说什么？", "Anything else you want to tell us?"),
            max_length=1000,
            multiline=True,
        ),
    ),
)
