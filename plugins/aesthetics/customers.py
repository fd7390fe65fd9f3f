"""The patient as subject: what a doctor has to know before anything is planned."""

from plugins.api import BoolField, ChoiceField, DateField, Option, SubjectType, TextField, both, hookimpl

SEXES = (
    Option("female", both("女", "Female")),
    Option("male", both("男", "Male")),
    Option("unknown", both("不便说明", "Not said")),
)
# 医疗美容服务管理办法 第二十条 asks that 禁忌症 be told; which are asked here is own design, to be confirmed by the clinic's doctors.
CAUTIONS = (
    ("pregnant", both("怀孕、备孕或哺乳", "Pregnant, planning to be, or breast-feeding")),
    ("keloid", both("瘢痕体质", "Tends to keloids")),
    ("anticoagulant", both("正在服用抗凝或抗血小板药", "Takes blood thinners")),
    ("infection", both("治疗部位感染或皮肤病", "Infection or skin disease at the place")),
    ("chronic", both("心脏病、糖尿病或免疫疾病", "Disease of the heart, diabetes, or of the immune system")),
)
PATIENT = SubjectType(
    id="patient",
    label=both("求美者", "Patient"),
    icon="user-round",
    fields=(
        ChoiceField(key="sex", label=both("性别", "Sex"), options=SEXES),
        DateField(key="birthday", label=both("出生日期", "Date of birth"), max="today"),
        BoolField(key="minor", label=both("未满 18 周岁", "Under 18")),
        *(BoolField(key=key, label=label) for key, label in CAUTIONS),
        TextField(key="drug_allergy", label=both("药物或麻醉过敏", "Allergy to drugs or anaesthetics"), max_length=200),
        TextField(key="earlier", label=both("做过的医美项目", "Earlier treatments"), max_length=500, multiline=True),
    ),
)


@hookimpl
def subject_types() -> tuple[SubjectType, ...]:
    """Return the one kind of subject a clinic of medical aesthetics has."""
    return (PATIENT,)
