"""Family members as subjects: for whom somebody buys, and what the shop must know of them."""

from plugins.api import BoolField, ChoiceField, DateField, NumberField, Option, SubjectType, both, hookimpl

# 2025年钙片行业企业客户服务质量提升 "需求前置识别": 通过智能弹窗询问“补钙目的”“年龄”“健康状况”等基础信息
SOURCE = "2025年钙片行业企业客户服务质量提升·需求前置识别"
# The purposes are the groups that the documents name: healthy people, osteoporosis, fitness, pregnancy, elders, children.
PURPOSES = (
    Option("daily", both("日常补充", "Everyday supply")),
    Option("elder", both("中老年骨骼健康", "Bones in later life")),
    Option("child", both("儿童成长", "A child's growth")),
    Option("treatment", both("骨质疏松辅助治疗", "Beside a treatment of osteoporosis")),
    Option("sport", both("健身运动", "Sport")),
    Option("pregnancy", both("孕期或哺乳期", "Pregnancy or breast-feeding")),
)
SEXES = (
    Option("female", both("女", "Female")),
    Option("male", both("男", "Male")),
    Option("unknown", both("不便说明", "Not said")),
)
# "特殊人群(如高血压、肾结石患者)是否适合补钙"; pregnancy and osteoporosis decide the type (大数据支撑的精准需求匹配).
CONDITIONS = (
    ("osteoporosis", both("骨质疏松", "Osteoporosis")),
    ("hypertension", both("高血压", "High blood pressure")),
    ("kidney_stone", both("肾结石", "Kidney stone")),
    ("pregnant", both("怀孕或哺乳", "Pregnant or breast-feeding")),
)
MEMBER = SubjectType(
    id="member",
    label=both("家庭成员", "Family member"),
    icon="user-round",
    fields=(
        ChoiceField(key="sex", label=both("性别", "Sex"), options=SEXES),
        DateField(key="birthday", label=both("出生日期", "Date of birth"), max="today"),
        NumberField(key="age", label=both("年龄", "Age"), unit=both("岁", "years"), min=0, max=120, decimals=0),
        ChoiceField(key="calcium_purpose", label=both("补钙目的", "Purpose of calcium"), options=PURPOSES),
        *(BoolField(key=key, label=label) for key, label in CONDITIONS),
    ),
)


@hookimpl
def subject_types() -> tuple[SubjectType, ...]:
    """Return the one kind of subject a retailer has."""
    return (MEMBER,)
