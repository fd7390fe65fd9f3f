"""What the forms share: who asks, for whom, and the state of health as boxes to tick."""

from collections.abc import Mapping
from typing import Any

from plugins.api import BoolField, Field, FormProblem, NoteField, NumberField, Text, TextField, both
from plugins.supplements.calcium import Special
from plugins.supplements.customers import CONDITIONS

GUIDE = "2025年钙片行业企业客户服务质量提升"
ADVISER = both("请健康顾问接待，不要直接推荐剂量。", "Let a health adviser take over; do not recommend a dose.")
WHO: tuple[Field, ...] = (
    TextField(
        key="owner_name",
        label=both("您的称呼", "Your name"),
        required=True,
        max_length=60,
        profile="customer.full_name",
    ),
    TextField(
        key="owner_phone",
        label=both("手机号", "Phone"),
        required=True,
        max_length=30,
        input="tel",
        profile="customer.phone",
    ),
    TextField(
        key="member_name",
        label=both("给谁用", "For whom"),
        help=both(
            "例如：妈妈、本人、孩子的小名；写“给妈妈买”也可以。",
            'For example: mother, myself, a child; "for my mother" will do too.',
        ),
        required=True,
        max_length=60,
        profile="subject.name",
    ),
)
HEALTH: tuple[Field, ...] = (
    NoteField(
        key="health",
        label=both("健康状况", "Health"),
        text=both("有的请勾选，都没有就留空。", "Tick what is there; leave all empty if nothing is."),
    ),
    *(BoolField(key=key, label=label, profile=f"subject.{key}") for key, label in CONDITIONS),
)
_SPECIAL: tuple[Special, ...] = ("kidney_stone", "hypertension", "pregnant")


def age_field(*, required: bool) -> NumberField:
    return NumberField(
        key="age",
        label=both("年龄", "Age"),
        help=None if required else both("给爸妈买可以不填。", "May stay empty when it is for your parents."),
        unit=both("岁", "years"),
        required=required,
        min=0,
        max=120,
        decimals=0,
        profile="subject.age",
    )


def told(field: str, text: Text) -> FormProblem:
    """Say something to whoever filled the form in, on the page that thanks for it; it blocks nothing."""
    return FormProblem(field=field, code="told", text=text, blocks=False)


def special_of(answers: Mapping[str, Any]) -> frozenset[Special]:
    """Return what was ticked and calls for a human adviser."""
    found: set[Special] = {key for key in _SPECIAL if answers.get(key)}
    if answers.get("purpose") == "pregnancy":
        found.add("pregnant")
    return frozenset(found)


def years_of(answers: Mapping[str, Any]) -> int | None:
    """Return the age that was answered."""
    age = answers.get("age")
    return int(age) if isinstance(age, int | float) and not isinstance(age, bool) else None
