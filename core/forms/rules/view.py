"""A form as a page walks it: localized, with values, errors, rows and the conditions the browser toggles by."""

from typing import Any

import msgspec

from core.errors import FieldProblem
from core.forms.rules.conditions import TODAY
from core.forms.rules.definition import kind_of, version_of
from core.forms.rules.validation import MAX_ROWS, Node, evaluate
from core.hooks.records.forms import (
    BoolField,
    CalcField,
    ChoiceField,
    DateField,
    DateTimeField,
    FileField,
    Form,
    GroupField,
    MultiField,
    NoteField,
    NumberField,
    RatingField,
    SignatureField,
    TextField,
)
from core.hooks.records.text import Text, localized

MAX_STEPS = 20


class OptionView(msgspec.Struct, frozen=True):
    value: str
    label: str
    checked: bool


class RowView(msgspec.Struct, frozen=True):
    """One row; `name` (`past[0]`) is the value of its remove button."""

    index: int
    name: str
    fields: tuple["FieldView", ...]


class FieldView(msgspec.Struct, frozen=True, kw_only=True):
    """A field as its macro needs it; a field that is not `visible` is rendered `hidden` and `disabled`."""

    kind: str
    """text number date datetime bool choice multi rating file signature group note calc."""
    name: str
    """Of the input, and the path of errors: `past[0].disease`."""
    id: str
    """For the DOM: letters, digits and hyphens."""
    label: str
    help: str
    required: bool
    visible: bool
    condition: str | None
    """JSON for `data-visible-when`; None: always shown."""
    value: Any
    """What was typed, redisplayed as it was; also a text for a number that is none."""
    display: str
    """The answer in words, for reading; "" when there is none. Yes and no are the template's to say from `value`."""
    errors: tuple[FieldProblem, ...] = ()
    known: bool = False
    """Prefilled from the profile: not asked again."""
    options: tuple[OptionView, ...] = ()
    rows: tuple[RowView, ...] = ()
    fields: tuple["FieldView", ...] = ()
    """Of a group that does not repeat."""
    repeat: bool = False
    can_add: bool = False
    text: str = ""
    """Of a note, or what a signer signs."""
    risk: str = ""
    """Of a box that acknowledges one risk of a consent, with what is done against it."""
    countermeasure: str = ""
    tone: str = "neutral"
    unit: str = ""
    multiline: bool = False
    input: str = "text"
    min: str = ""
    max: str = ""
    step: str = ""
    min_length: int | None = None
    max_length: int | None = None
    accept: str = ""
    max_bytes: int | None = None
    many: bool = False
    """More than one file."""
    max_files: int = 1


class SectionView(msgspec.Struct, frozen=True):
    """A step of the form; the last one has no title when it holds fields that no section names."""

    id: str
    title: str
    help: str
    fields: tuple[FieldView, ...]


class ErrorView(msgspec.Struct, frozen=True):
    """One line of the summary on top, which links to the field; `field_id` is "" for the form as a whole."""

    field_id: str
    label: str
    problem: FieldProblem


class FormView(msgspec.Struct, frozen=True):
    id: str
    version: str
    purpose: str
    title: str
    intro: str
    sections: tuple[SectionView, ...]
    errors: tuple[ErrorView, ...]


def form_view(
    form: Form,
    answers: dict[str, Any],
    errors: tuple[FieldProblem, ...],
    locale: str,
    today: str,
    *,
    known: frozenset[str] = frozenset(),
) -> FormView:
    """Build the tree that a template walks; `known` are the paths that the profile filled.

    `errors` are those of `evaluate` and of the plugins' checks, or none on the first visit.
    """
    result = evaluate(form, _with_first_rows(form, answers), today)
    build = _Build(locale, today, errors, known)
    fields = {node.field.key: build.field(node) for node in result.nodes}
    sections: list[SectionView] = []
    for section in form.sections:
        inside = tuple(fields.pop(key) for key in section.fields if key in fields)
        sections.append(SectionView(section.id, build.say(section.title), build.say(section.help), inside))
    if fields:
        sections.append(SectionView("rest" if sections else "all", "", "", tuple(fields.values())))
    return FormView(
        id=form.id,
        version=version_of(form),
        purpose=form.purpose,
        title=build.say(form.title),
        intro=build.say(form.intro),
        sections=tuple(sections),
        errors=build.summary(errors),
    )


def _with_first_rows(form: Form, answers: dict[str, Any]) -> dict[str, Any]:
    """A group that must have rows shows them blank from the start, so that nobody has to add the first one."""
    filled = dict(answers)
    for field in form.fields:
        if isinstance(field, GroupField) and field.repeat and not filled.get(field.key):
            blank = max(field.min_rows or 0, 1 if field.required else 0)
            filled[field.key] = [{} for _ in range(blank)]
    return filled


def dom_id(path: str) -> str:
    """The id of a field's control, as the page's macros write it: `past[0].disease` is `f-past-0-disease`."""
    return "f-" + path.replace(".", "-").replace("[", "-").replace("]", "")


class _Build:
    def __init__(self, locale: str, today: str, errors: tuple[FieldProblem, ...], known: frozenset[str]) -> None:
        self._locale = locale
        self._today = today
        self._known = known
        self._labels: dict[str, str] = {}
        self._errors: dict[str, list[FieldProblem]] = {}
        for error in errors:
            self._errors.setdefault(error.path, []).append(error)

    def say(self, text: Text | None) -> str:
        return "" if text is None else localized(text, self._locale)

    def summary(self, errors: tuple[FieldProblem, ...]) -> tuple[ErrorView, ...]:
        return tuple(
            ErrorView(dom_id(error.path) if error.path in self._labels else "", self._labels.get(error.path, ""), error)
            for error in errors
        )

    def field(self, node: Node) -> FieldView:
        field = node.field
        label = self.say(field.label)
        self._labels[node.path] = label
        own: dict[str, Any] = {}
        self._limits(node, own)
        self._inside(node, own)
        return FieldView(
            kind=kind_of(field),
            name=node.path,
            id=dom_id(node.path),
            label=label,
            help=self.say(field.help),
            # An unticked box is an answer too, so a box is never "required" in HTML's sense.
            # A risk is acknowledged with a tick and nothing else.
            required=field.required if not isinstance(field, BoolField) else field.risk is not None,
            visible=node.visible,
            condition=None if node.when is None else msgspec.json.encode(node.when).decode(),
            value=node.value,
            display=self._display(node),
            errors=tuple(self._errors.get(node.path, ())),
            known=node.path in self._known,
            **own,
        )

    def _limits(self, node: Node, own: dict[str, Any]) -> None:
        match node.field:
            case TextField() as field:
                own["min_length"], own["max_length"] = field.min_length, field.max_length
                own["multiline"], own["input"] = field.multiline, field.input
            case NumberField() as field:
                own["min"], own["max"] = _plain(field.min), _plain(field.max)
                own["unit"] = self.say(field.unit)
                own["step"] = "any" if field.decimals is None else f"{10**-field.decimals:.{field.decimals}f}"
            case DateField() | DateTimeField() as field:
                own["min"], own["max"] = self._day(field.min), self._day(field.max)
            case RatingField() as field:
                own["min"], own["max"], own["step"] = str(field.min), str(field.max), "1"
            case CalcField() as field:
                own["unit"] = self.say(field.unit)
            case FileField() as field:
                own["accept"], own["max_bytes"] = ",".join(field.accept), field.max_bytes
                own["many"], own["max_files"] = field.max_rows > 1, field.max_rows
            case _:
                pass

    def _day(self, bound: str | None) -> str:
        return self._today if bound == TODAY else bound or ""

    def _inside(self, node: Node, own: dict[str, Any]) -> None:
        match node.field:
            case ChoiceField() | MultiField() as field:
                given = node.value if isinstance(node.value, list) else [node.value]
                own["options"] = tuple(
                    OptionView(option.value, self.say(option.label), option.value in given) for option in field.options
                )
            case RatingField() as field:
                steps = range(field.min, min(field.max, field.min + MAX_STEPS) + 1)
                own["options"] = tuple(OptionView(str(step), str(step), step == node.value) for step in steps)
            case BoolField(risk=risk) as field if risk is not None:
                own["risk"], own["countermeasure"] = self.say(risk), self.say(field.countermeasure)
            case SignatureField() as field:
                own["text"] = self.say(field.text)
            case NoteField() as field:
                own["text"], own["tone"] = self.say(field.text), field.tone
            case GroupField(repeat=True) as field:
                own["repeat"] = True
                own["can_add"] = len(node.rows) < (field.max_rows or MAX_ROWS)
                own["rows"] = tuple(
                    RowView(index, row.path, tuple(self.field(one) for one in row.nodes))
                    for index, row in enumerate(node.rows)
                )
            case GroupField():
                own["fields"] = tuple(self.field(one) for row in node.rows for one in row.nodes)
            case _:
                pass

    def _display(self, node: Node) -> str:
        value, field = node.value, node.field
        if value is None or isinstance(value, bool) or isinstance(field, GroupField):
            return ""
        if isinstance(field, NumberField | CalcField):
            return f"{_plain(value)} {self.say(field.unit)}".strip()
        labels: dict[Any, str] = {}
        if isinstance(field, ChoiceField | MultiField):
            labels = {option.value: self.say(option.label) for option in field.options}
        given = value if isinstance(value, list) else [value]
        # A file or a signature is known by its name.
        words = [one.get("name") or "" if isinstance(one, dict) else one for one in given]
        return "、".join(labels.get(one) or _plain(one) for one in words)


def _plain(value: Any) -> str:
    """A number as people write it: 5, not 5.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
