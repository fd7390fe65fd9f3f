"""What a staff record must say, which measures there are, and for how long it is kept; pure."""

from datetime import date
from typing import Final, Literal

import msgspec

from core.errors import FieldProblem

Measure = Literal["coaching", "training", "rotation", "reminder", "none"]
MEASURES: Final[tuple[Measure, ...]] = ("coaching", "training", "rotation", "reminder", "none")
"""钙片行业企业客户服务质量提升 (R27): coach or rotate weak staff instead of blanket punishment; so none of them is one."""
TEXT_LIMIT: Final = 2000
KEPT_YEARS: Final = 3
"""Own design: the documents name no period."""


class RecordDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What the leader writes about one person from the report."""

    involvement: str = ""
    """What the person had to do with the case."""
    finding: str = ""
    learned: str = ""
    """Points to learn from it."""
    measure: str = ""


def clean(draft: RecordDraft) -> RecordDraft:
    """Trim the texts."""
    return RecordDraft(
        involvement=draft.involvement.strip(),
        finding=draft.finding.strip(),
        learned=draft.learned.strip(),
        measure=draft.measure,
    )


def problems(draft: RecordDraft) -> tuple[FieldProblem, ...]:
    """Return what is missing or too long; what is to be learnt may not be left out, a measure may be `none`."""
    texts = {"involvement": draft.involvement, "finding": draft.finding, "learned": draft.learned}
    found = [FieldProblem(path, "required") for path, text in texts.items() if not text]
    found += [
        FieldProblem(path, "too-long", {"max": TEXT_LIMIT}) for path, text in texts.items() if len(text) > TEXT_LIMIT
    ]
    if draft.measure not in MEASURES:
        found.append(FieldProblem("measure", "option" if draft.measure else "required"))
    return tuple(found)


def words_problem(text: str, path: str = "text") -> FieldProblem | None:
    """Return what is wrong with a reply, an objection or a reason."""
    if not text.strip():
        return FieldProblem(path, "required")
    return FieldProblem(path, "too-long", {"max": TEXT_LIMIT}) if len(text.strip()) > TEXT_LIMIT else None


def kept_until(day: date) -> date:
    """Return the day on which a record of this day is erased."""
    try:
        return day.replace(year=day.year + KEPT_YEARS)
    except ValueError:  # 29 February
        return date(day.year + KEPT_YEARS, 3, 1)
