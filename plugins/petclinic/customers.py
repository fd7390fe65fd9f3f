"""Pets as subjects: what the clinic keeps of each."""

from plugins.api import ChoiceField, DateField, NumberField, Option, SubjectType, TextField, both, hookimpl

# 2025东营宠物诊所客户服务策略 §3.1.1: 养宠类型(犬/猫/异宠)
SPECIES = (
    Option("dog", both("犬", "Dog")),
    Option("cat", both("猫", "Cat")),
    Option("exotic", both("异宠", "Exotic pet")),
)
SEXES = (
    Option("male", both("公", "Male")),
    Option("female", both("母", "Female")),
    Option("unknown", both("不清楚", "Not known")),
)
PET = SubjectType(
    id="pet",
    label=both("宠物", "Pet"),
    icon="paw-print",
    fields=(
        ChoiceField(key="species", label=both("宠物类型", "Kind of pet"), required=True, options=SPECIES),
        TextField(key="breed", label=both("品种", "Breed"), max_length=60),
        ChoiceField(key="sex", label=both("性别", "Sex"), options=SEXES),
        DateField(key="birthday", label=both("出生日期", "Date of birth"), max="today"),
        NumberField(key="weight_kg", label=both("体重", "Weight"), unit="kg", min=0.01, max=120, decimals=2),
        TextField(key="allergies", label=both("过敏", "Allergies"), max_length=200),
        TextField(key="chip", label=both("芯片号", "Chip number"), pattern="[0-9]{15}"),
    ),
)


@hookimpl
def subject_types() -> tuple[SubjectType, ...]:
    """Return the one kind of subject a pet clinic has."""
    return (PET,)
