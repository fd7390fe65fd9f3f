"""The consult form: what somebody wishes, what they have had done, and what forbids it; asked once."""

from plugins.aesthetics.customers import CAUTIONS, SEXES
from plugins.aesthetics.forms.parts import LAW_20, SYSTEM, WHO, section
from plugins.api import (
    BoolField,
    ChoiceField,
    CompletenessItem,
    Condition,
    DateField,
    Field,
    FlagRule,
    Form,
    MultiField,
    NoteField,
    Option,
    TextField,
    both,
)

CONSULT = "aesthetics.consult"
_WISH: tuple[Field, ...] = (
    MultiField(
        key="areas",
        label=both("想改善哪里", "What is it about"),
        required=True,
        options=(
            Option("eyes", both("眼部", "Eyes")),
            Option("nose", both("鼻部", "Nose")),
            Option("face", both("面部轮廓", "Contour of the face")),
            Option("skin", both("皮肤", "Skin")),
            Option("body", both("身体", "Body")),
            Option("other", both("其他", "Other")),
        ),
        min_rows=1,
    ),
    TextField(
        key="wish",
        label=both("您的想法", "What you wish for"),
        help=both(
            "写下一次，接待的人都看得到，不用重复说。", "Written once; everybody who looks after you can read it."
        ),
        required=True,
        max_length=1000,
        multiline=True,
    ),
    ChoiceField(
        key="contact_by",
        label=both("希望怎么答复您", "How shall we answer"),
        required=True,
        options=(
            Option("phone", both("电话", "By phone")),
            Option("message", both("消息", "By message")),
            Option("video", both("视频面诊（咨询师与医生同时）", "By video, with consultant and doctor")),
        ),
    ),
)
_HEALTH: tuple[Field, ...] = (
    ChoiceField(key="sex", label=both("性别", "Sex"), options=SEXES, profile="subject.sex"),
    DateField(key="birthday", label=both("出生日期", "Date of birth"), max="today", profile="subject.birthday"),
    BoolField(key="minor", label=both("求美者未满 18 周岁", "The patient is under 18"), profile="subject.minor"),
    NoteField(
        key="health",
        label=both("健康情况", "Health"),
        text=both("有的请勾选，都没有就留空。", "Tick what is there; leave all empty if nothing is."),
    ),
    *(BoolField(key=key, label=label, profile=f"subject.{key}") for key, label in CAUTIONS),
    TextField(
        key="drug_allergy",
        label=both("药物或麻醉过敏", "Allergy to drugs or anaesthetics"),
        max_length=200,
        profile="subject.drug_allergy",
    ),
    TextField(
        key="earlier",
        label=both("做过的医美项目", "Earlier treatments"),
        max_length=500,
        multiline=True,
        profile="subject.earlier",
    ),
)
_DOCTOR_FIRST = both("请医生面诊评估后再出方案。", "A doctor assesses this before a plan is made.")


def _true(key: str) -> Condition:
    return Condition(field=key, op="eq", value=True)


FORM = Form(
    id="consult",
    title=both("咨询登记", "Consult"),
    purpose="intake",
    intro=both("填好后 5 分钟内会有咨询师联系您。", "A consultant contacts you within 5 minutes."),
    fields=(*WHO, *_WISH, *_HEALTH),
    sections=(
        section("who", "联系方式", "Contact", WHO),
        section("wish", "您的需求", "Your wish", _WISH),
        section("health", "健康情况", "Health", _HEALTH),
    ),
    completeness=(
        CompletenessItem(id="wish", label=both("需求", "Wish"), fields=("wish",)),
        CompletenessItem(id="birthday", label=both("出生日期", "Date of birth"), fields=("birthday",)),
        CompletenessItem(id="earlier", label=both("既往项目", "Earlier treatments"), fields=("earlier",)),
    ),
    flags=(
        *(
            FlagRule(id=key, title=label, reason=_DOCTOR_FIRST, when=_true(key), tone="warning", source=f"own design; {LAW_20}")
            for key, label in CAUTIONS
        ),
        FlagRule(
            id="allergy",
            title=both("药物或麻醉过敏", "Allergy to drugs or anaesthetics"),
            reason=both("治疗前请核对药物和麻醉方式。", "Check drugs and anaesthesia before the treatment."),
            when=Condition(field="drug_allergy", op="not_empty"),
            source=SYSTEM,
        ),
        FlagRule(
            id="minor",
            title=both("未成年人", "Under age"),
            reason=both("没有监护人书面同意不得治疗。", "No treatment without the guardian's written consent."),
            when=_true("minor"),
            source=LAW_20,
        ),
    ),
)  # fmt: skip
