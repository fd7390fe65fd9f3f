"""The three questions before a sale, what they say about special groups, and one question for a pet clinic's intake."""

from plugins.api import (
    Addition,
    Answers,
    BoolField,
    ChoiceField,
    Condition,
    DeclareContext,
    Field,
    Flag,
    FlagRule,
    Form,
    FormPatch,
    FormProblem,
    NoteField,
    NumberField,
    Option,
    Section,
    TextField,
    both,
    hookimpl,
)
from plugins.supplements.customers import CONDITIONS, PURPOSES, SOURCE
from plugins.supplements.settings import Settings

PRESALE = "supplements.presale"
ADVISER = both("请健康顾问接待，不要直接推荐剂量。", "Let a health adviser take over; do not recommend a dose.")
# 特殊人群(如高血压、肾结石患者)是否适合补钙; pregnancy and children: facts/calcium, "a human adviser".
SPECIAL = (
    ("hypertension", both("高血压", "High blood pressure"), "2025年钙片行业企业客户服务质量提升·特殊人群"),
    ("kidney_stone", both("肾结石", "Kidney stone"), "2025年钙片行业企业客户服务质量提升·特殊人群"),
    ("pregnant", both("怀孕或哺乳", "Pregnant or breast-feeding"), "facts/calcium advice"),
)
_WHO: tuple[Field, ...] = (
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
        help=both("例如：本人、妈妈、孩子的小名。", "For example: myself, mother, or the child's name."),
        required=True,
        max_length=60,
        profile="subject.name",
    ),
)


@hookimpl
def intake_forms(ctx: DeclareContext[Settings]) -> tuple[Form, ...]:
    """补钙目的、年龄、健康状况: three questions, the third as boxes to tick."""
    health: tuple[Field, ...] = (
        NoteField(key="health", label=both("健康状况", "Health"), text=both("有的请勾选，都没有就留空。", "Tick what is there; leave all empty if nothing is.")),
        *(BoolField(key=key, label=label, profile=f"subject.{key}") for key, label in CONDITIONS),
    )  # fmt: skip
    asked: tuple[Field, ...] = (
        ChoiceField(
            key="purpose",
            label=both("补钙目的", "Purpose"),
            required=True,
            options=PURPOSES,
            profile="subject.calcium_purpose",
        ),
        NumberField(
            key="age",
            label=both("年龄", "Age"),
            unit=both("岁", "years"),
            required=True,
            min=0,
            max=120,
            decimals=0,
            profile="subject.age",
        ),
        *health,
    )
    flags = tuple(
        FlagRule(id=key, title=title, reason=ADVISER, when=Condition(field=key, op="eq", value=True), source=source)
        for key, title, source in SPECIAL
    )
    child = FlagRule(
        id="child",
        title=both(f"未满 {ctx.settings.adult_age} 岁", f"Under {ctx.settings.adult_age}"),
        reason=ADVISER,
        when=Condition(field="age", op="lt", value=ctx.settings.adult_age),
        tone="warning",
        source="facts/calcium advice",
    )
    return (
        Form(
            id="presale",
            title=both("售前三问", "Three questions before you buy"),
            purpose="intake",
            intro=both("三个问题，帮我们推荐合适的产品。", "Three questions that help us recommend what fits."),
            fields=(*_WHO, *asked),
            sections=(
                Section(id="contact", title=both("联系方式", "Contact"), fields=tuple(field.key for field in _WHO)),
                Section(
                    id="questions",
                    title=both("三个问题", "Three questions"),
                    fields=tuple(field.key for field in asked),
                ),
            ),
            flags=(*flags, child),
        ),
    )


@hookimpl
def intake_extensions() -> tuple[FormPatch, ...]:
    """A clinic that also sells supplements asks its visitors once, in the form they fill in anyway."""
    taken = ChoiceField(
        key="supplements_taken",
        label=both("是否在吃钙片等营养补充剂", "Takes calcium or other supplements"),
        options=(Option("none", both("没有", "No")), Option("yes", both("有", "Yes"))),
    )
    which = TextField(
        key="supplements_which",
        label=both("在吃哪些", "Which ones"),
        required=True,
        max_length=200,
        visible_when=Condition(field="supplements_taken", op="eq", value="yes"),
        profile="subject.supplements",
    )
    return (
        FormPatch(
            id="taken",
            form="petclinic.intake",
            add=(Addition(taken, after="diet"), Addition(which, after="diet")),
        ),
    )


@hookimpl
async def check_intake(form: str, answers: Answers) -> tuple[FormProblem | Flag, ...]:
    """A purpose that says pregnancy, and a box that does not: somebody should ask."""
    if form != PRESALE or answers.get("purpose") != "pregnancy" or answers.get("pregnant"):
        return ()
    return (
        Flag(
            id="pregnancy",
            title=both("孕期或哺乳期", "Pregnancy or breast-feeding"),
            reason=ADVISER,
            source=SOURCE,
        ),
    )
