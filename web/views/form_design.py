"""The builder's page as data: lines by section, what is locked and why, differences and refusals in words."""

from typing import Any, Final

import msgspec

from core.forms.designs import Design
from core.forms.rules import DefinitionProblem, Difference, compare_forms, may_hide
from core.forms.rules.definition import kind_of, walk_fields
from core.forms.rules.designing import path_of, shown_order
from core.hooks.records.forms import CalcField, Field, Form, GroupField, NoteField
from core.hooks.records.text import Text, localized
from web.i18n import N_, gettext

KINDS: Final[dict[str, tuple[str, str]]] = {
    "text": (N_("Short text"), "type"),
    "multiline": (N_("Long text"), "notebook-text"),
    "number": (N_("Number"), "hash"),
    "date": (N_("Date"), "calendar"),
    "datetime": (N_("Date and time"), "calendar-clock"),
    "bool": (N_("Tick box"), "square-check"),
    "choice": (N_("One of several"), "circle-dot"),
    "multi": (N_("Several of several"), "list-checks"),
    "rating": (N_("Rating"), "star"),
    "file": (N_("Photo or file"), "camera"),
    "signature": (N_("Signature"), "signature"),
    "note": (N_("Text to read"), "info"),
    "group": (N_("Group"), "rows-3"),
    "calc": (N_("Calculated"), "calculator"),
}
OWN_KINDS: Final = (
    "text",
    "multiline",
    "choice",
    "multi",
    "bool",
    "number",
    "date",
    "datetime",
    "rating",
    "file",
    "note",
)
MEMBERS: Final[dict[str, str]] = {
    "label": N_("Words"),
    "help": N_("Help"),
    "text": N_("Text"),
    "required": N_("Must be answered"),
    "min": N_("Smallest"),
    "max": N_("Largest"),
    "min_length": N_("Fewest characters"),
    "max_length": N_("Most characters"),
    "min_rows": N_("At least so many"),
    "max_rows": N_("At most so many"),
    "decimals": N_("Decimals"),
    "pattern": N_("Form"),
    "options": N_("Answers offered"),
    "accept": N_("Kinds of file"),
    "max_bytes": N_("Largest file"),
    "unit": N_("Unit"),
    "multiline": N_("Several lines"),
    "visible_when": N_("Asked only when"),
    "purpose": N_("Purpose"),
    "tone": N_("Tone"),
}
_REFUSALS: Final[dict[str, str]] = {
    "gone": N_("The plugin's form has no such field any more."),
    "section-gone": N_("The section it was moved to is gone."),
    "retyped": N_("This was “%(was)s” and is “%(now)s” now; what you changed no longer means the same."),
    "asks-retyped": N_("It asks “%(asked)s”, which was “%(was)s” and is “%(now)s” now."),
    "anchor-gone": N_("The field it stood behind is gone. Drop it, or add it again somewhere else."),
    "loosened": N_("“%(name)s” may only be made stricter than the plugin has it."),
    "not-yours": N_("“%(name)s” of this field is the plugin's."),
    "bad-value": N_("This value does not fit this kind of field."),
    "own-key": N_("The key of a field of your own starts with x_."),
    "key-twice": N_("Another field has this key already."),
    "required": N_("The plugin needs this answer, so it cannot be hidden."),
    "consent-text": N_("What is read before a signature cannot be hidden."),
    "condition": N_("It depends on “%(asked)s”, which would not be asked before it."),
    "limits": N_("These limits do not go together: %(reason)s"),
    "too_large": N_("The changes to this form have become too many to store."),
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One field in the list of the editor."""

    path: str
    id: str
    label: str
    kind: str
    icon: str
    depth: int
    own: bool
    required: bool
    changed: bool
    locked: str
    """Why the plugin keeps it as it is; empty when it may be hidden."""
    owner: str
    """The plugin that added it to another's form."""
    condition: str
    first: bool
    last: bool
    problems: tuple[str, ...]


class Block(msgspec.Struct, frozen=True):
    """A section of the form with its lines."""

    id: str
    title: str
    lines: tuple[Line, ...]


class Clash(msgspec.Struct, frozen=True):
    """A change that no longer fits since its plugin was upgraded."""

    path: str
    label: str
    reason: str


class DifferenceLine(msgspec.Struct, frozen=True):
    what: str
    before: str
    after: str


def say(text: Text | None, locale: str) -> str:
    return "" if text is None else localized(text, locale)


def kind_key(field: Field) -> str:
    """The row of KINDS that describes a field."""
    return "multiline" if getattr(field, "multiline", False) else kind_of(field)


def dom_id_of(path: str) -> str:
    return "field-" + path.replace(".", "-").replace("_", "-")


def label_of(form: Form, path: str, locale: str) -> str:
    """The words of a field, or its key when it has none."""
    field = dict(walk_fields(form.fields)).get(path)
    return (say(field.label or getattr(field, "text", ""), locale) if field is not None else "") or path


def refusal(problem: DefinitionProblem, form: Form, locale: str) -> str:
    """Return the sentence for one thing that the engine refuses."""
    msgid = _REFUSALS.get(problem.code)
    if msgid is None:
        return gettext("This does not fit: %(reason)s") % {"reason": problem.reason}
    words: dict[str, str] = {"reason": problem.reason}
    for name, value in problem.params.items():
        text = str(value)
        if name in {"was", "now"}:
            text = gettext(KINDS[text][0]) if text in KINDS else text
        elif name == "name":
            text = gettext(MEMBERS[text]) if text in MEMBERS else text
        elif name in {"asked", "after"}:
            text = label_of(form, text, locale)
        words[name] = text
    return gettext(msgid) % words


def blocks(design: Design, locale: str) -> tuple[Block, ...]:
    """Return the sections with one line per field, members of groups indented below them."""
    maker = _Lines(design, locale)
    titles = {section.id: say(section.title, locale) for section in design.form.sections}
    shown = shown_order(design.form)
    rest = gettext("Further fields") if titles else ""
    return tuple(Block(name, titles.get(name, rest), maker.lines(keys)) for name, keys in shown)


class _Lines:
    def __init__(self, design: Design, locale: str) -> None:
        self._locale = locale
        self._design = design
        self._fields = dict(walk_fields(design.form.fields))
        self._base = dict(walk_fields(design.stand.base.fields))
        self._own = {path_of(one) for one in design.overlay.add}
        self._changed = {one.path for one in compare_forms(design.stand.base, design.form)}
        self._problems: dict[str, list[str]] = {}
        for one in design.conflicts:
            self._problems.setdefault(one.field, []).append(refusal(one, design.form, locale))

    def lines(self, keys: tuple[str, ...], depth: int = 0) -> tuple[Line, ...]:
        found: list[Line] = []
        for number, path in enumerate(keys):
            field = self._fields[path]
            found.append(self._line(path, field, depth, first=number == 0, last=number == len(keys) - 1))
            if isinstance(field, GroupField) and path not in self._own:
                found += self.lines(tuple(f"{path}.{one.key}" for one in field.fields), depth + 1)
        return tuple(found)

    def _line(self, path: str, field: Field, depth: int, *, first: bool, last: bool) -> Line:
        own = path in self._own
        words, icon = KINDS[kind_key(field)]
        return Line(
            path=path,
            id=dom_id_of(path),
            label=label_of(self._design.form, path, self._locale),
            kind=gettext(words),
            icon=icon,
            depth=depth,
            own=own,
            required=field.required,
            changed=path in self._changed and not own,
            locked="" if own else self._lock(path),
            owner=self._design.stand.owners.get(path.partition(".")[0], ""),
            condition=condition_words(field, self._design.form, self._locale),
            first=first,
            last=last,
            problems=tuple(self._problems.get(path, ())),
        )

    def _lock(self, path: str) -> str:
        base = self._design.stand.base
        if path not in self._base or may_hide(base, path):
            return ""
        if isinstance(self._base[path], NoteField):
            return gettext("This is read before a signature: it stays.")
        return gettext("The plugin needs this answer: it stays, and stays required.")


def condition_words(field: Field, form: Form, locale: str) -> str:
    """Return when a field is asked, in words; empty when always."""
    when = field.visible_when
    if when is None:
        return ""
    if when.field is msgspec.UNSET:
        return gettext("Asked only under conditions of the plugin")
    asked = dict(walk_fields(form.fields)).get(str(when.field))
    name = label_of(form, str(when.field), locale)
    words = {"field": name, "op": gettext(OPERATORS.get(str(when.op), str(when.op))), "value": ""}
    if when.value is not msgspec.UNSET:
        words["value"] = _value_words(when.value, asked, locale)
    return (gettext("Asked when “%(field)s” %(op)s %(value)s") % words).strip()


OPERATORS: Final[dict[str, str]] = {
    "eq": N_("is"),
    "ne": N_("is not"),
    "gt": N_("is above"),
    "gte": N_("is at least"),
    "lt": N_("is below"),
    "lte": N_("is at most"),
    "contains": N_("contains"),
    "not_contains": N_("does not contain"),
    "not_empty": N_("is answered"),
    "empty": N_("is not answered"),
}


def _value_words(value: Any, asked: Field | None, locale: str) -> str:
    if isinstance(value, tuple):
        return "、".join(_value_words(one, asked, locale) for one in value)
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    for option in getattr(asked, "options", ()):
        if option.value == value:
            return say(option.label, locale)
    return str(value)


def hidden_lines(design: Design, locale: str) -> list[tuple[str, str]]:
    """Return path and words of what is hidden and could be shown again."""
    return [
        (path, label_of(design.stand.base, path, locale))
        for path in design.overlay.hide
        if path in dict(walk_fields(design.stand.base.fields))
    ]


def clashes(design: Design, locale: str) -> list[Clash]:
    """Return what no longer fits, each with its sentence."""
    known = design.stand.form if design.stand.conflicts else design.form
    found: list[Clash] = []
    for one in design.conflicts:
        label = label_of(known, one.field, locale)
        if label == one.field:
            label = label_of(design.form, one.field, locale)
        found.append(Clash(one.field, label, refusal(one, known, locale)))
    return found


def difference_lines(differences: tuple[Difference, ...], design: Design, locale: str) -> list[DifferenceLine]:
    """Return what would change for whoever fills the form in."""
    return [_difference(one, design, locale) for one in differences]


def _difference(one: Difference, design: Design, locale: str) -> DifferenceLine:
    label = say(one.label, locale) or label_of(design.form, one.path, locale)
    if one.what == "added":
        return DifferenceLine(label, "", gettext("New"))
    if one.what == "gone":
        return DifferenceLine(label, gettext("Asked"), gettext("No longer asked"))
    if one.what == "moved":
        return DifferenceLine(label, "", gettext("Stands in another place"))
    member = gettext(MEMBERS[one.member]) if one.member in MEMBERS else one.member
    what = f"{label} · {member}"
    return DifferenceLine(what, _plain(one, one.before, design, locale), _plain(one, one.after, design, locale))


def _plain(one: Difference, value: Any, design: Design, locale: str) -> str:
    if one.member == "required":
        return gettext("Yes") if value else gettext("No")
    if value is None:
        return "—"
    if one.member == "options":
        return "、".join(say(option[1], locale) for option in value)
    if one.member == "visible_when":
        form = design.form if value == one.after else design.stand.form
        field = dict(walk_fields(form.fields))[one.path]
        return condition_words(field, form, locale) or "—"
    if isinstance(value, dict):
        # Words in both languages, so that a change to the other one shows.
        return " / ".join(str(value[name]) for name in sorted(value, reverse=True))
    return "、".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def askable(form: Form, before: str | None) -> list[tuple[str, Field]]:
    """Return the top-level fields before `before` (or all) that a condition of one's own may ask."""
    found: list[tuple[str, Field]] = []
    for field in form.fields:
        if field.key == before:
            break
        if not isinstance(field, NoteField | CalcField | GroupField):
            found.append((field.key, field))
    return found
