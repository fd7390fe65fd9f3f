"""A form as data: typed fields, conditions, flags and completeness; the wire form is this JSON."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from core.hooks.records.text import Text

KEY_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"
Operator = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "empty", "not_empty", "contains", "not_contains"]
Tone = Literal["danger", "warning", "info", "success", "neutral"]
Scalar = str | int | float | bool | None


class Condition(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Exactly one of `all`, `any`, `not`, or `field` + `op` (+ `value`)."""

    all: tuple["Condition", ...] | UnsetType = UNSET
    any: tuple["Condition", ...] | UnsetType = UNSET
    not_: "Condition | UnsetType" = msgspec.field(default=UNSET, name="not")
    field: str | UnsetType = UNSET
    op: Operator | UnsetType = UNSET
    value: Scalar | tuple[Scalar, ...] | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse a node with two shapes or none."""
        shapes = [s for s in (self.all, self.any, self.not_, self.field) if s is not UNSET]
        if len(shapes) != 1:
            raise ValueError("a condition has exactly one of all, any, not, field")
        if (self.field is UNSET) != (self.op is UNSET):
            raise ValueError("a comparison needs field and op, and only a comparison has op")
        if self.field is UNSET and self.value is not UNSET:
            raise ValueError("only a comparison has a value")
        needs_value = self.op is not UNSET and self.op not in {"empty", "not_empty"}
        if needs_value and self.value is UNSET:
            raise ValueError(f"op {self.op} needs a value")


class Option(msgspec.Struct, frozen=True, array_like=True):
    """One choice, on the wire `["dog", "犬"]`."""

    value: str
    label: Text


class FieldShape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What every kind of field has; never used by itself."""

    key: str
    label: Text = ""
    help: Text | None = None
    required: bool = False
    visible_when: Condition | None = None
    profile: str | None = None
    """`customer.*` or `subject.*`: known answers are prefilled and new ones written back."""


class TextField(FieldShape, frozen=True, kw_only=True, tag="text", tag_field="type"):
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    multiline: bool = False
    input: Literal["text", "tel", "email"] = "text"


class NumberField(FieldShape, frozen=True, kw_only=True, tag="number", tag_field="type"):
    unit: Text | None = None
    min: int | float | None = None
    max: int | float | None = None
    decimals: int | None = None


class DateField(FieldShape, frozen=True, kw_only=True, tag="date", tag_field="type"):
    """Bounds are ISO dates or `today` (the location's local date)."""

    min: str | None = None
    max: str | None = None


class DateTimeField(FieldShape, frozen=True, kw_only=True, tag="datetime", tag_field="type"):
    min: str | None = None
    max: str | None = None


class BoolField(FieldShape, frozen=True, kw_only=True, tag="bool", tag_field="type"):
    """An unticked box is False, not missing.

    With `risk` it is one risk of a consent: shown with its `countermeasure`, and only a tick is an answer.
    """

    risk: Text | None = None
    countermeasure: Text | None = None


class ChoiceField(FieldShape, frozen=True, kw_only=True, tag="choice", tag_field="type"):
    options: tuple[Option, ...]


class MultiField(FieldShape, frozen=True, kw_only=True, tag="multi", tag_field="type"):
    options: tuple[Option, ...]
    min_rows: int | None = None
    max_rows: int | None = None


class RatingField(FieldShape, frozen=True, kw_only=True, tag="rating", tag_field="type"):
    """Whole steps from `min` to `max`: five stars, or 0 to 10.

    `metric` says what a survey's results count it as; the keys nps, csat and ces on their own scale need no mark.
    """

    min: int = 1
    max: int = 5
    metric: Literal["nps", "csat", "ces"] | None = None

    def __post_init__(self) -> None:
        """Refuse a mark on another scale: the figure would mean something else."""
        scales = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
        if self.metric is not None and (self.min, self.max) != scales[self.metric]:
            raise ValueError(f"{self.metric} goes from {scales[self.metric][0]} to {scales[self.metric][1]}")


class FileField(FieldShape, frozen=True, kw_only=True, tag="file", tag_field="type"):
    accept: tuple[str, ...] = ("image/jpeg", "image/png", "image/webp")
    max_bytes: int = 10_000_000
    max_rows: int = 1
    purpose: str = ""
    retain_days: int | None = None
    """How long the files are kept after the form was sent; for good when not said."""


class SignatureField(FieldShape, frozen=True, kw_only=True, tag="signature", tag_field="type"):
    """`text` is what the signer reads and signs.

    In a consent, `signer_key` is the text field that holds the signer's name, and `role_key` the choice of
    self, owner or guardian; both stand before the signature.
    """

    text: Text = ""
    signer_key: str | None = None
    role_key: str | None = None


class GroupField(FieldShape, frozen=True, kw_only=True, tag="group", tag_field="type"):
    """Rows of fields when `repeat`; otherwise one row."""

    fields: tuple["Field", ...]
    repeat: bool = False
    min_rows: int | None = None
    max_rows: int | None = None


class NoteField(FieldShape, frozen=True, kw_only=True, tag="note", tag_field="type"):
    """Display only, never an answer."""

    text: Text = ""
    tone: Tone = "neutral"


class CalcField(FieldShape, frozen=True, kw_only=True, tag="calc", tag_field="type"):
    """A number that the server computes from earlier number fields; empty when one of them is empty."""

    op: Literal["sum", "difference", "product", "ratio_percent", "mean"]
    of: tuple[str, ...]
    unit: Text | None = None
    decimals: int = 2


Field = (
    TextField
    | NumberField
    | DateField
    | DateTimeField
    | BoolField
    | ChoiceField
    | MultiField
    | RatingField
    | FileField
    | SignatureField
    | GroupField
    | NoteField
    | CalcField
)


class Section(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A titled step of a long form; names top-level keys in order. Fields that no section names come last."""

    id: str
    title: Text
    help: Text | None = None
    fields: tuple[str, ...]


class CompletenessItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing the reader expects to know; answered when any of `fields` has an answer ("none" is one)."""

    id: str
    label: Text
    fields: tuple[str, ...]


class FlagRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An alert that the form itself raises on submit when `when` holds."""

    id: str
    title: Text
    reason: Text
    when: Condition
    tone: Tone = "danger"
    source: Text = ""
    stops: bool = False
    """While the newest check carries this alert, no procedure that needs the check begins."""


class Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A definition as a plugin authors it; `id` is local in the plugin and prefixed by the host."""

    id: str
    title: Text
    fields: tuple[Field, ...]
    purpose: Literal["intake", "complaint", "consent", "survey", "check"] = "intake"
    intro: Text | None = None
    sections: tuple[Section, ...] = ()
    completeness: tuple[CompletenessItem, ...] = ()
    flags: tuple[FlagRule, ...] = ()


class Addition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field that is put into a form of somebody else, behind another (`past.disease` inside a group); None puts it last."""

    field: Field
    after: str | None = None


class FormPatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one plugin adds to a form of another, so that a customer of both is asked once.

    `form` is the prefixed id (`petclinic.intake`). Every key in `add` starts with the name of the plugin that adds it
    (`supplements_stones`), and so stays apart from the form's own; conditions may ask the form's earlier fields.
    """

    id: str
    form: str
    add: tuple[Addition, ...] = ()
    sections: tuple[Section, ...] = ()
    """Steps of the plugin's own, last in the form; other fields stand in the section of the field before them."""
    completeness: tuple[CompletenessItem, ...] = ()
    flags: tuple[FlagRule, ...] = ()


class FormProblem(msgspec.Struct, frozen=True, kw_only=True, tag="problem", tag_field="type"):
    """What `check_intake` finds wrong; `blocks` stops the submit, else it is shown and kept.

    With the code `told` and without `blocks` nothing is wrong: it is the answer that whoever filled it in gets at once.
    """

    field: str
    code: str
    text: Text
    blocks: bool = True


class Flag(msgspec.Struct, frozen=True, kw_only=True, tag="flag", tag_field="type"):
    """An alert for staff, raised by a form's rule or by `check_intake`; shown with its reason and source."""

    id: str
    title: Text
    reason: Text
    tone: Tone = "danger"
    source: Text = ""
    field: str | None = None
    stops: bool = False
    """As a rule's: it keeps a procedure from beginning."""


Answers = dict[str, Any]
