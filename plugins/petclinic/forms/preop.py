"""The check before surgery: what every pet gets, and blood pressure and ECG for the old and the young."""

from plugins.api import (
    ChoiceField,
    CompletenessItem,
    Condition,
    DateField,
    Field,
    FlagRule,
    Form,
    MultiField,
    NoteField,
    NumberField,
    Option,
    SignatureField,
    TextField,
    both,
)
from plugins.petclinic.forms.parts import STRATEGY, item, pet_name, section, species, when

PREOP = "petclinic.preop"
# 2025东营宠物诊所客户服务策略 §3.5.2: 对老年宠物、幼宠进行“全面术前检查”(血压、心电图等)，评估麻醉风险
SOURCE = f"{STRATEGY} §3.5.2"
# Own reading of 老年 and 幼: the document names no ages. Seven years, and half a year.
OLD_YEARS = 7
YOUNG_YEARS = 0.5
_FULL = Condition(
    any=(
        Condition(field="age_years", op="gte", value=OLD_YEARS),
        Condition(field="age_years", op="lt", value=YOUNG_YEARS),
    )
)
_FINDING = (Option("normal", both("正常", "Normal")), Option("abnormal", both("异常", "Abnormal")))

_PET: tuple[Field, ...] = (
    pet_name(),
    species(),
    NumberField(
        key="age_years",
        label=both("年龄", "Age"),
        help=both("不满一岁请写小数，例如 0.3。", "Below one year as a fraction, e.g. 0.3."),
        unit=both("岁", "years"),
        required=True,
        min=0,
        max=40,
        decimals=1,
    ),
    NumberField(
        key="weight_kg",
        label=both("体重", "Weight"),
        unit="kg",
        required=True,
        min=0.01,
        max=120,
        decimals=2,
        profile="subject.weight_kg",
    ),
    DateField(key="planned_on", label=both("计划手术日期", "Day of the operation"), min="today"),
)
_BASIC: tuple[Field, ...] = (
    NumberField(
        key="temperature", label=both("体温", "Temperature"), unit="°C", required=True, min=30, max=45, decimals=1
    ),
    NumberField(
        key="heart_rate",
        label=both("心率", "Heart rate"),
        unit=both("次/分", "per minute"),
        required=True,
        min=20,
        max=400,
        decimals=0,
    ),
    NumberField(
        key="fasting_hours",
        label=both("禁食时间", "Hours without food"),
        unit=both("小时", "hours"),
        required=True,
        min=0,
        max=72,
        decimals=1,
    ),
    ChoiceField(key="blood_count", label=both("血常规", "Blood count"), required=True, options=_FINDING),
    ChoiceField(key="clotting", label=both("凝血", "Clotting"), options=_FINDING),
)
_FULL_CHECK: tuple[Field, ...] = (
    NoteField(
        key="full_check",
        label=both("老年或幼龄宠物：必须做全面术前检查", "An old or a young pet: the full check is required"),
        text=both(
            "血压和心电图缺一不可，用来评估麻醉风险。",
            "Blood pressure and ECG both, to assess the risk of anaesthesia.",
        ),
        tone="warning",
        visible_when=_FULL,
    ),
    NumberField(
        key="blood_pressure",
        label=both("收缩压", "Systolic blood pressure"),
        unit="mmHg",
        required=True,
        min=30,
        max=300,
        decimals=0,
        visible_when=_FULL,
    ),
    ChoiceField(
        key="ecg",
        label=both("心电图", "ECG"),
        required=True,
        options=_FINDING,
        visible_when=_FULL,
    ),
    TextField(
        key="ecg_finding",
        label=both("心电图所见", "What the ECG shows"),
        required=True,
        max_length=500,
        multiline=True,
        visible_when=when("ecg", "abnormal"),
    ),
    MultiField(
        key="more_checks",
        label=both("还做了哪些检查", "Further checks"),
        options=(
            Option("biochemistry", both("生化", "Biochemistry")),
            Option("xray", both("胸片", "Chest X-ray")),
            Option("ultrasound", both("心脏超声", "Heart ultrasound")),
        ),
        visible_when=_FULL,
    ),
)
_RESULT: tuple[Field, ...] = (
    ChoiceField(
        key="asa",
        label=both("麻醉风险分级 (ASA)", "Risk of anaesthesia (ASA)"),
        required=True,
        options=(
            Option("1", both("Ⅰ 健康", "I healthy")),
            Option("2", both("Ⅱ 轻度疾病", "II mild disease")),
            Option("3", both("Ⅲ 重度疾病", "III severe disease")),
            Option("4", both("Ⅳ 危及生命", "IV threat to life")),
            Option("5", both("Ⅴ 濒死", "V moribund")),
        ),
    ),
    ChoiceField(
        key="fit",
        label=both("结论", "Conclusion"),
        required=True,
        options=(
            Option("yes", both("可以手术", "Fit for surgery")),
            Option("later", both("延期手术", "Postpone")),
            Option("no", both("不宜手术", "Not fit")),
        ),
    ),
    TextField(key="remarks", label=both("备注", "Remarks"), max_length=1000, multiline=True),
    SignatureField(
        key="signature",
        label=both("检查医生签名", "Signature of the vet"),
        required=True,
        text=both("以上检查由本人完成。", "I have made these checks."),
    ),
)

_FULL_ITEMS: tuple[CompletenessItem, ...] = (
    item("blood_pressure", "血压", "Blood pressure", "blood_pressure"),
    item("ecg", "心电图", "ECG", "ecg"),
)
FORM = Form(
    id="preop",
    title=both("术前检查表", "Check before surgery"),
    purpose="check",
    intro=both("由医生或护士填写。", "Filled in by the vet or the nurse."),
    fields=(*_PET, *_BASIC, *_FULL_CHECK, *_RESULT),
    sections=(
        section("pet", "宠物", "The pet", _PET),
        section("basic", "基本检查", "Basic checks", _BASIC),
        section("full", "全面术前检查（老年、幼龄）", "Full check (old and young)", _FULL_CHECK),
        section("result", "评估", "Assessment", _RESULT),
    ),
    completeness=(
        item("basic", "体温和心率", "Temperature and heart rate", "temperature", "heart_rate"),
        item("blood_count", "血常规", "Blood count", "blood_count"),
        *_FULL_ITEMS,
        item("asa", "麻醉风险分级", "Risk of anaesthesia", "asa"),
    ),
    flags=(
        FlagRule(
            id="ecg_abnormal",
            title=both("心电图异常", "Abnormal ECG"),
            reason=both("麻醉前请复核心电图。", "Look at the ECG again before anaesthesia."),
            when=when("ecg", "abnormal"),
            source=SOURCE,
        ),
        FlagRule(
            id="high_risk",
            title=both("麻醉高风险", "High risk of anaesthesia"),
            reason=both("ASA Ⅲ 级及以上，请与主人再次沟通。", "ASA III or above: talk to the owner again."),
            when=Condition(field="asa", op="in", value=("3", "4", "5")),
            source=SOURCE,
        ),
        FlagRule(
            id="not_fit",
            title=both("暂不宜手术", "Not fit for surgery now"),
            reason=both("检查结论为延期或不宜手术。", "The check says postpone or not fit."),
            when=Condition(field="fit", op="in", value=("later", "no")),
            source=SOURCE,
            stops=True,
        ),
    ),
)
