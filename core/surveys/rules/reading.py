"""Finds in a survey form which question is the NPS, CSAT or CES and which is the comment, and reads their answers."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.hooks.records.forms import Form, RatingField, TextField
from core.surveys.rules.metrics import SCALES, Metric

METRICS: Final[tuple[Metric, ...]] = ("nps", "csat", "ces")
COMMENT: Final = "comment"


class Questions(msgspec.Struct, frozen=True):
    """The keys of a form's measured questions; None where it does not ask."""

    nps: str | None = None
    csat: str | None = None
    ces: str | None = None
    comment: str | None = None

    @property
    def any(self) -> bool:
        """The form measures something."""
        return bool(self.nps or self.csat or self.ces)


class Scores(msgspec.Struct, frozen=True):
    """What one person answered."""

    nps: int | None = None
    csat: int | None = None
    ces: int | None = None
    comment: str = ""


def metric_of(field: RatingField) -> Metric | None:
    """Return what a rating measures: what it is marked as, else what its key says when the scale is that metric's."""
    for metric in METRICS:
        if field.metric == metric or (field.metric is None and field.key == metric):
            return metric if (field.min, field.max) == SCALES[metric] else None
    return None


def questions_of(form: Form) -> Questions:
    """Return the measured questions of a form; the first of each kind counts, rows of groups do not.

    The comment is the text field `comment`, else the first text of several lines.
    """
    found: dict[str, str] = {}
    for field in form.fields:
        if isinstance(field, RatingField) and (metric := metric_of(field)) is not None:
            found.setdefault(metric, field.key)
    texts = [field for field in form.fields if isinstance(field, TextField)]
    comment = next((one.key for one in texts if one.key == COMMENT), None)
    return Questions(**found, comment=comment or next((one.key for one in texts if one.multiline), None))


def scores_of(questions: Questions, data: Mapping[str, Any]) -> Scores:
    """Read one submission's answers; what is missing or off the scale is None."""
    values: dict[str, int] = {}
    for metric in METRICS:
        key = getattr(questions, metric)
        value = data.get(key) if key else None
        low, high = SCALES[metric]
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            values[metric] = value
    said = data.get(questions.comment) if questions.comment else None
    return Scores(**values, comment=said.strip() if isinstance(said, str) else "")
