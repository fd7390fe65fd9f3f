"""What a vertical brings to the desk's work on a complaint: words to say, bundles of deeds, words to leave out."""

import re
from typing import Final, Literal

import msgspec

from core.hooks.records.complaints import SEVERITIES, Severity
from core.hooks.records.text import Text

Variable = Literal["customer", "number", "pet", "branch", "me", "step", "due", "steps"]
VARIABLES: Final[tuple[Variable, ...]] = ("customer", "number", "pet", "branch", "me", "step", "due", "steps")
"""What `{...}` in a script stands for: the name, the case's number, the subject's name, the branch, who writes, the next
step with its time, and all steps still promised with their times."""
_PLACE: Final = re.compile(r"\{([^{}]*)\}")


def places_of(text: Text) -> set[str]:
    """Return the names that stand in braces, in all languages."""
    return {name for words in (text.values() if isinstance(text, dict) else (text,)) for name in _PLACE.findall(words)}


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """Words for a moment of a case; with a task, a note or a pause it is a macro that is applied in one click."""

    id: str
    label: Text
    text: Text = ""
    """What is written to the customer or said to them; `{customer}` and the other VARIABLES are filled in."""
    note: Text = ""
    """An internal note that applying it adds."""
    task: Text = ""
    """A task for whoever applies it."""
    task_hours: int = 24
    pause: str = ""
    """The milestone that it pauses, waiting for the customer."""
    severities: tuple[Severity, ...] = SEVERITIES
    milestones: tuple[str, ...] = ()
    """It is offered while one of them is open; empty is always."""
    categories: tuple[str, ...] = ()
    """Local ids of the plugin's own categories, with all below them; empty is any."""
    source: str = ""
    """Document and section, or `own design`."""

    def __post_init__(self) -> None:
        """Refuse an empty script and braces that nothing fills."""
        if not (self.text or self.note or self.task or self.pause):
            raise ValueError(f"script {self.id} says and does nothing")
        if not 1 <= self.task_hours <= 24 * 60:
            raise ValueError(f"script {self.id}: a task is due within 60 days")
        for text in (self.text, self.note, self.task):
            if unknown := places_of(text) - set(VARIABLES):
                raise ValueError(f"script {self.id}: nothing fills {sorted(unknown)}")

    @property
    def is_macro(self) -> bool:
        """It does more than say something."""
        return bool(self.note or self.task or self.pause)


class WordRule(msgspec.Struct, frozen=True, kw_only=True):
    """Words that this vertical does not say to a customer, such as promises of a cure, and what to say instead."""

    id: str
    words: tuple[str, ...]
    why: Text
    instead: Text
    kind: Literal["promise", "avoid"] = "promise"
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a rule that finds everything."""
        if not self.words or not all(word.strip() for word in self.words):
            raise ValueError(f"word rule {self.id} names no words")
