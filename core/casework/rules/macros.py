"""Which scripts fit a case, and what a bundle becomes when its places are filled."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from core.errors import FieldProblem
from core.hooks.records.casework import VARIABLES, Script
from core.hooks.records.complaints import Severity
from core.hooks.records.text import Text, localized

MAX_NAME: Final = 60
MAX_WORDS: Final = 2000
_PLACE: Final = re.compile(r"\{([^{}]*)\}")


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A script for one case: its texts with all places filled; `missing` names those for which nothing is known."""

    id: str
    label: str
    text: str
    note: str
    task: str
    task_hours: int
    pause: str
    source: str
    missing: tuple[str, ...] = ()

    @property
    def is_macro(self) -> bool:
        """It does more than say something."""
        return bool(self.note or self.task or self.pause)


def unknown_places(text: str) -> tuple[str, ...]:
    """Return the names in braces that nothing fills, in order."""
    return tuple(dict.fromkeys(name for name in _PLACE.findall(text) if name not in VARIABLES))


def fill(text: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return the text with its places filled, and the places for which there is no value; those become `……`."""
    missing: list[str] = []

    def put(found: re.Match[str]) -> str:
        value = values.get(found.group(1), "")
        if not value:
            missing.append(found.group(1))
        return value or "……"

    return _PLACE.sub(put, text), tuple(dict.fromkeys(missing))


def fill_script(script: Script, values: Mapping[str, str], locale: str, *, label_locale: str | None = None) -> Filled:
    """Return a script as it would be applied now: the words in the customer's language, the label in the reader's."""

    def one(text: Text) -> tuple[str, tuple[str, ...]]:
        return fill(localized(text, locale), values)

    text, note, task = one(script.text), one(script.note), one(script.task)
    return Filled(
        id=script.id,
        label=localized(script.label, label_locale or locale),
        text=text[0],
        note=note[0],
        task=task[0],
        task_hours=script.task_hours,
        pause=script.pause,
        source=script.source,
        missing=tuple(dict.fromkeys((*text[1], *note[1], *task[1]))),
    )


def choose_scripts(
    scripts: Sequence[Script],
    *,
    severity: Severity,
    open_steps: Collection[str],
    category: str | None,
    parents: Mapping[str, str | None],
) -> list[Script]:
    """Return the scripts that fit, in their order: those for an open step of the case before those for any."""
    line: list[str] = []
    node = category
    while node is not None and node not in line:
        line.append(node)
        node = parents.get(node)
    fit = [
        script
        for script in scripts
        if severity in script.severities
        and (not script.milestones or set(script.milestones) & set(open_steps))
        and (not script.categories or _names(script) & set(line))
    ]
    return sorted(fit, key=lambda script: not script.milestones)


def _names(script: Script) -> set[str]:
    """Return the categories with their plugin's prefix."""
    plugin = script.id.partition(".")[0]
    return {one if "." in one else f"{plugin}.{one}" for one in script.categories}


class MacroDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A macro as somebody writes it."""

    name: str
    words: str = ""
    note: str = ""
    task: str = ""
    task_hours: int = 24
    pause: str = ""


def macro_problems(draft: MacroDraft, *, taken: Collection[str]) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a macro: no name or one that is taken, nothing that it does, braces that nothing fills."""
    problems = []
    name = draft.name.strip()
    if not name:
        problems.append(FieldProblem("name", "required"))
    if len(name) > MAX_NAME:
        problems.append(FieldProblem("name", "too-long", {"max": MAX_NAME}))
    if name in taken:
        problems.append(FieldProblem("name", "taken"))
    for path, text in (("words", draft.words), ("note", draft.note), ("task", draft.task)):
        if len(text) > MAX_WORDS:
            problems.append(FieldProblem(path, "too-long", {"max": MAX_WORDS}))
        if unknown := unknown_places(text):
            problems.append(FieldProblem(path, "unknown-place", {"name": unknown[0][:40]}))
    if not any(one.strip() for one in (draft.words, draft.note, draft.task, draft.pause)):
        problems.append(FieldProblem("words", "required"))
    if not 1 <= draft.task_hours <= 24 * 60:
        problems.append(FieldProblem("task_hours", "range", {"min": 1, "max": 24 * 60}))
    return tuple(problems)
