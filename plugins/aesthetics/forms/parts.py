"""What several papers of the clinic ask in the same words: who it is about, how to reach them, and who signs."""

from plugins.api import ChoiceField, Condition, Field, Option, Section, TextField, both

SYSTEM = "服务体系建设7大维度"
LAW_20 = "医疗美容服务管理办法 第二十条"
WHO: tuple[Field, ...] = (
    TextField(key="patient_name", label=both("求美者姓名", "Patient's name"), required=True, max_length=60, profile="subject.name"),
    TextField(key="owner_name", label=both("联系人姓名", "Name of the contact"), required=True, max_length=60, profile="customer.full_name"),
    TextField(
        key="owner_phone", label=both("手机号", "Phone"), required=True, max_length=20, input="tel", profile="customer.phone"
    ),
)  # fmt: skip
# "signature of the client or guardian; no treatment without the guardian's consent for those without capacity"
SIGNERS = (
    Option("self", both("本人", "The patient")),
    Option("guardian", both("监护人", "The guardian")),
)


def when(field: str, value: str | float) -> Condition:
    """The field has this answer."""
    return Condition(field=field, op="eq", value=value)


def section(local: str, zh: str, en: str, fields: tuple[Field, ...]) -> Section:
    """A titled step."""
    return Section(id=local, title=both(zh, en), fields=tuple(field.key for field in fields))


def signer_fields() -> tuple[Field, ...]:
    """Who signs, by name."""
    return (
        ChoiceField(key="signer_role", label=both("签字人身份", "Who signs"), required=True, options=SIGNERS),
        TextField(key="signer_name", label=both("签字人姓名", "Name of the signer"), required=True, max_length=60),
    )
