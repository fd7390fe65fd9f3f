"""A survey with every measured question, one that only asks for words, and an intake that is none."""

from plugins.api import Form, RatingField, TextField, both, hookimpl

SURVEY = Form(
    id="satisfaction",
    title=both("满意度调查", "Satisfaction"),
    purpose="survey",
    fields=(
        RatingField(key="nps", label=both("推荐", "Recommend"), min=0, max=10, required=True),
        RatingField(key="csat", label=both("满意", "Satisfied")),
        RatingField(key="ces", label=both("容易", "Easy"), min=1, max=7),
        TextField(key="comment", label=both("意见", "Comment"), multiline=True, max_length=500),
    ),
)
WORDS = Form(id="words", title=both("意见", "Words"), purpose="survey", fields=(TextField(key="said", label=""),))
INTAKE = Form(id="visit", title=both("来访", "Visit"), fields=(TextField(key="why", label=""),))


@hookimpl
def intake_forms() -> tuple[Form, ...]:
    """Return all three, the one that measures nothing first."""
    return (WORDS, SURVEY, INTAKE)
