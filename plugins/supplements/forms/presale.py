"""The three questions before a sale, and what they lead to: a group, a formula and a dose, or a human adviser."""

from collections.abc import Mapping
from typing import Any

from plugins.api import ChoiceField, Condition, Field, Flag, FlagRule, Form, FormProblem, Section, Text, both, localized
from plugins.supplements.advice import advice_words
from plugins.supplements.buyers import GROUP_WORDS, formula_for, read_buyer
from plugins.supplements.calcium import TABLES, reckon
from plugins.supplements.customers import PURPOSES, SOURCE
from plugins.supplements.forms.parts import ADVISER, GUIDE, HEALTH, WHO, age_field, special_of, told, years_of
from plugins.supplements.settings import Settings

PRESALE = "supplements.presale"
CALLED = both(
    "未成年人补钙由健康顾问为您解答，我们会联系您。", "For a child a health adviser answers you; we will be in touch."
)
# 特殊人群(如高血压、肾结石患者)是否适合补钙; pregnancy and children: facts/calcium, "a human adviser".
SPECIAL = (
    ("hypertension", both("高血压", "High blood pressure"), f"{GUIDE}·特殊人群"),
    ("kidney_stone", both("肾结石", "Kidney stone"), f"{GUIDE}·特殊人群"),
    ("pregnant", both("怀孕或哺乳", "Pregnant or breast-feeding"), "facts/calcium advice"),
)


def presale(settings: Settings) -> Form:
    """补钙目的、年龄、健康状况: three questions, the third as boxes to tick (facts intake.presale_popup)."""
    asked: tuple[Field, ...] = (
        ChoiceField(
            key="purpose",
            label=both("补钙目的", "Purpose"),
            required=True,
            options=PURPOSES,
            profile="subject.calcium_purpose",
        ),
        age_field(required=False),
        *HEALTH,
    )
    flags = tuple(
        FlagRule(id=key, title=title, reason=ADVISER, when=Condition(field=key, op="eq", value=True), source=source)
        for key, title, source in SPECIAL
    )
    child = FlagRule(
        id="child",
        title=both(f"未满 {settings.adult_age} 岁", f"Under {settings.adult_age}"),
        reason=ADVISER,
        when=Condition(field="age", op="lt", value=settings.adult_age),
        tone="warning",
        source="facts/calcium advice",
    )
    return Form(
        id="presale",
        title=both("售前三问", "Three questions before you buy"),
        purpose="intake",
        intro=both("三个问题，帮我们推荐合适的产品。", "Three questions that help us recommend what fits."),
        fields=(*WHO, *asked),
        sections=(
            Section(id="contact", title=both("联系方式", "Contact"), fields=tuple(field.key for field in WHO)),
            Section(
                id="questions", title=both("三个问题", "Three questions"), fields=tuple(field.key for field in asked)
            ),
        ),
        flags=(*flags, child),
    )


def find_in_presale(answers: Mapping[str, Any], settings: Settings) -> tuple[FormProblem | Flag, ...]:
    """Return the recommendation; a purpose that says pregnancy, where the box does not, calls for an adviser too."""
    buyer = read_buyer(str(answers.get("member_name", "")), years_of(answers))
    special = special_of(answers)
    person = buyer.person(special)
    found: list[FormProblem | Flag] = []
    if person is None and buyer.group != "child":
        text = both("请填年龄，或写明给谁用（如：给妈妈买）", "Please tell the age, or for whom it is (for my mother)")
        return (FormProblem(field="age", code="required", text=text),)
    if answers.get("purpose") == "pregnancy" and not answers.get("pregnant"):
        title = both("孕期或哺乳期", "Pregnancy or breast-feeding")
        found.append(Flag(id="pregnancy", title=title, reason=ADVISER, source=SOURCE))
    if person is None:
        title = both("未成年", "Not of age")
        found.append(Flag(id="minor", title=title, reason=ADVISER, source="facts/calcium advice"))
        found.append(told("member_name", CALLED))
        return tuple(found)
    advice = reckon(
        TABLES[settings.calcium_table],
        person,
        product_mg=settings.product_daily_mg,
        adult_age=settings.adult_age,
    )
    title_zh, title_en = _title(buyer.group, formula_for(buyer) if advice.dose is not None else None)
    found.append(
        Flag(
            id="recommendation",
            title=both(title_zh, title_en),
            reason=advice_words(advice),
            tone="info" if advice.dose is not None else "warning",
            source=f"{advice.table}: {advice.source}；{GUIDE}·中老年补钙需求模型",
        )
    )
    formula = formula_for(buyer) if advice.dose is not None else None
    found.append(told("purpose", _for_buyer(formula, advice_words(advice))))
    return tuple(found)


def _for_buyer(formula: Text | None, words: Text) -> Text:
    """推荐“钙+维生素K2”配方，并附带剂量: what the buyer reads at once, the formula first."""
    if formula is None:
        return words
    return both(
        f"推荐配方：{localized(formula, 'zh-CN')}。{localized(words, 'zh-CN')}",
        f"Recommended: {localized(formula, 'en')}. {localized(words, 'en')}",
    )


def _title(group: str, formula: Text | None) -> tuple[str, str]:
    zh, en = (GROUP_WORDS[group][one] for one in ("zh-CN", "en"))  # type: ignore[index] # words of ours are maps
    if formula is None:
        return f"人群：{zh}", f"Group: {en}"
    return f"人群：{zh}，推荐：{formula['zh-CN']}", f"Group: {en}; recommended: {formula['en']}"  # type: ignore[index] # as above
