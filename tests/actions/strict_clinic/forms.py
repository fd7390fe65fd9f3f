"""A form that fills every corner of a record, a survey without a name, and a check that refuses."""

from plugins.api import Answers, ChoiceField, Flag, Form, FormProblem, Option, RatingField, TextField, both, hookimpl

FORM = Form(
    id="visit",
    title=both("来访", "Visit"),
    fields=(
        TextField(key="phone", label="", profile="customer.phone"),
        TextField(key="pet", label="", profile="subject.name"),
        TextField(key="story", label="", profile="customer.story"),
        ChoiceField(key="sex", label="", options=(Option("female", "F"), Option("x", "X")), profile="customer.gender"),
        TextField(key="word", label=""),
    ),
)
SURVEY = Form(
    id="survey", title=both("满意度", "Survey"), purpose="survey", fields=(RatingField(key="stars", label=""),)
)


@hookimpl
def intake_forms() -> tuple[Form, ...]:
    """Return both."""
    return (FORM, SURVEY)


@hookimpl
async def check_intake(form: str, answers: Answers) -> tuple[FormProblem | Flag, ...]:
    """Refuse one word."""
    if form == "strict.visit" and answers.get("word") == "refuse":
        return (FormProblem(field="word", code="refused", text=both("不行", "Not this")),)
    return ()
