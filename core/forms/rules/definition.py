"""What a form definition must keep to, its canonical JSON and its version."""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from core.forms.rules.conditions import TODAY, Names, Slot, comparisons, parts
from core.forms.rules.patterns import BadPattern, compiled
from core.hooks.records.forms import (
    KEY_PATTERN,
    BoolField,
    CalcField,
    ChoiceField,
    Condition,
    DateField,
    DateTimeField,
    Field,
    FileField,
    Form,
    GroupField,
    MultiField,
    NumberField,
    RatingField,
    SignatureField,
    TextField,
)

MAX_DEPTH = 9
MAX_FIELDS = 500
MAX_COMPARISONS = 200
MAX_CONDITION_DEPTH = 32
MAX_DECIMALS = 10
TENANT_PREFIX = "x_"
PROFILE_PATTERN = re.compile(r"(customer|subject)\.[a-z][a-z0-9_]*")
DATE_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
DATETIME_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:[0-5]\d)?", re.ASCII)
_KEY = re.compile(KEY_PATTERN)


class DefinitionProblem(msgspec.Struct, frozen=True):
    """One rule that a definition breaks: the field (`past.disease`, empty for the form itself) and the reason."""

    field: str
    reason: str
    code: str = ""
    """What a page of the tenant's own looks its sentence up by; empty where only an author can read the reason."""
    params: dict[str, Any] = {}


class BadDefinition(ValueError):
    """JSON that is no form; the text says where and why."""


def decode_form(wire: object) -> Form:
    """Read the wire form (parsed JSON); raise BadDefinition with the path of the first fault."""
    try:
        return msgspec.convert(_whole(wire), Form)
    except (msgspec.ValidationError, RecursionError) as error:
        raise BadDefinition(str(error)) from error


def _whole(wire: object) -> Any:
    """2.0 is 2, as in JSON Schema: whole numbers are written one way, so that a length may be either.

    Without recursion, for a hostile definition is deeper than the interpreter's stack.
    """
    root: list[Any] = [wire]
    places: list[tuple[Any, Any]] = [(root, 0)]
    while places:
        outer, key = places.pop()
        value = outer[key]
        if isinstance(value, float) and value.is_integer():
            outer[key] = int(value)
        elif isinstance(value, dict):
            outer[key] = dict(value)
            places.extend((outer[key], one) for one in value)
        elif isinstance(value, list | tuple):
            outer[key] = list(value)
            places.extend((outer[key], index) for index in range(len(value)))
    return root[0]


def canonical_json(form: Form) -> bytes:
    """The one spelling of a definition: keys sorted, no spaces, defaults left out, fields in their order."""
    return msgspec.json.encode(form, order="sorted")


def version_of(form: Form) -> str:
    """The first 16 hex digits of SHA-256 over the canonical JSON of the definition with its overlay applied."""
    return hashlib.sha256(canonical_json(form)).hexdigest()[:16]


def kind_of(field: Field) -> str:
    """The wire's `type` of a field."""
    return str(type(field).__struct_config__.tag)


def is_date(text: str) -> bool:
    """Tell whether the text is a real day written YYYY-MM-DD."""
    if not DATE_PATTERN.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_datetime(text: str) -> bool:
    """Tell whether the text is a real instant or local time, ISO with a T and at least minutes."""
    if not DATETIME_PATTERN.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def walk_fields(fields: Iterable[Field], prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Every field with its dotted key, groups before their members."""
    for field in fields:
        yield prefix + field.key, field
        if isinstance(field, GroupField):
            yield from walk_fields(field.fields, f"{prefix}{field.key}.")


def check_form(form: Form, *, own_fields: bool = True) -> tuple[DefinitionProblem, ...]:
    """Return every rule the definition breaks; none means that it may be used.

    `own_fields=False` is for a plugin's definition, where keys that start with `x_` are the tenant's to give.
    """
    check = _Check(own_fields=own_fields)
    if not form.fields:
        check.say("", "a form needs at least one field")
    if sum(1 for _ in walk_fields(form.fields)) > MAX_FIELDS:
        check.say("", f"more than {MAX_FIELDS} fields")
    names = Names()
    check.level(form.fields, "", names, 0, in_rows=False)
    for flag in form.flags:
        check.condition(f"flags.{flag.id}", flag.when, names)
    _check_references(form, check)
    return tuple(check.problems)


def refuse_bad_form(form: Form) -> None:
    """Raise BadDefinition when a plugin's form breaks a rule: what the plugin loader asks at registration."""
    problems = check_form(form, own_fields=False)
    last = next((one for one in reversed(form.fields) if isinstance(one, SignatureField)), None)
    if form.purpose == "consent" and (last is None or not last.required or last.visible_when is not None):
        problems += (DefinitionProblem("", "a consent needs a required signature that is always shown"),)
    if problems:
        found = "; ".join(f"{one.field or 'the form'}: {one.reason}" for one in problems)
        raise BadDefinition(f"form {form.id}: {found}")


def _check_references(form: Form, check: "_Check") -> None:
    top = {field.key for field in form.fields}
    every = {key for key, _ in walk_fields(form.fields)}
    sectioned: set[str] = set()
    for section in form.sections:
        for key in section.fields:
            if key not in top:
                check.say("", f"section {section.id} names the unknown field {key}")
            if key in sectioned:
                check.say("", f"field {key} stands in two sections")
            sectioned.add(key)
    _check_consent(form, check)
    for item in form.completeness:
        for key in item.fields:
            if key not in every:
                check.say("", f"completeness item {item.id} names the unknown field {key}")


def _check_consent(form: Form, check: "_Check") -> None:
    """A risk stands in a consent, and who signs it is asked before the signature."""
    before: dict[str, str] = {}
    for field in form.fields:
        if isinstance(field, SignatureField):
            for key, kind in ((field.signer_key, "text"), (field.role_key, "choice")):
                if key is not None and before.get(key) != kind:
                    check.say(field.key, f"{key} is no earlier {kind}")
        before[field.key] = kind_of(field)
    for path, field in walk_fields(form.fields):
        if isinstance(field, BoolField) and (field.risk is None) != (field.countermeasure is None):
            check.say(path, "a risk and its countermeasure come together")


class _Check:
    """Walks a definition in document order and collects what is wrong."""

    def __init__(self, *, own_fields: bool) -> None:
        self.problems: list[DefinitionProblem] = []
        self._own_fields = own_fields

    def say(self, field: str, reason: str, code: str = "", **params: Any) -> None:
        self.problems.append(DefinitionProblem(field, reason, code, params))

    def level(self, fields: tuple[Field, ...], prefix: str, names: Names, depth: int, *, in_rows: bool) -> None:
        """Check the fields of one scope; each sees only those before it."""
        seen: set[str] = set()
        for field in fields:
            path = prefix + field.key
            if not _KEY.match(field.key) or "\n" in field.key:
                self.say(path, f"the key does not match {KEY_PATTERN}")
            if field.key in seen:
                self.say(path, "the key is used twice", "key-twice")
            if field.key.startswith(TENANT_PREFIX) and not self._own_fields:
                self.say(path, f"keys that start with {TENANT_PREFIX} belong to the tenant")
            seen.add(field.key)
            if field.visible_when is not None:
                self.condition(path, field.visible_when, names)
            if field.profile is not None and (in_rows or not PROFILE_PATTERN.fullmatch(field.profile)):
                self.say(path, "profile is customer.<key> or subject.<key>, outside rows")
            for reason in _limits(field, names):
                self.say(path, reason, "limits")
            if isinstance(field, GroupField):
                self.group(field, path, names, depth, in_rows=in_rows)
            else:
                names.declare(field.key, Slot(path, kind_of(field)))

    def group(self, field: GroupField, path: str, names: Names, depth: int, *, in_rows: bool) -> None:
        """Check the members of a group, as deep as groups may go."""
        if not field.fields:
            self.say(path, "a group needs at least one field")
        if depth + 1 >= MAX_DEPTH:
            self.say(path, f"groups may be {MAX_DEPTH - 1} deep")
            return
        inner = Names(names)
        self.level(field.fields, f"{path}.", inner, depth + 1, in_rows=in_rows or field.repeat)
        names.declare(field.key, Slot(path, "group"))
        if not field.repeat:
            names.adopt(field.key, inner)

    def condition(self, path: str, condition: Condition, names: Names) -> None:
        """Check what a condition asks: only earlier fields or the same row, and values that the op can use."""
        if _is_too_deep(condition):
            self.say(path, f"a condition may be {MAX_CONDITION_DEPTH} deep")
            return
        leaves = comparisons(condition)
        if len(leaves) > MAX_COMPARISONS:
            self.say(path, f"a condition may have {MAX_COMPARISONS} comparisons")
        for leaf in leaves:
            if names.find(str(leaf.field)) is None:
                self.say(
                    path,
                    f"the condition asks {leaf.field}, which is no earlier field nor one of the same row",
                    "condition",
                    asked=str(leaf.field),
                )
            if leaf.op == "in" and not isinstance(leaf.value, tuple):
                self.say(path, "op in needs a list of values")
            if not all(map(_is_finite, leaf.value if isinstance(leaf.value, tuple) else (leaf.value,))):
                self.say(path, "a number of the condition is out of range")


def _is_too_deep(condition: Condition) -> bool:
    """Tell without recursion, for a hostile tree is deeper than the interpreter's stack."""
    level = [condition]
    for _ in range(MAX_CONDITION_DEPTH):
        level = [inner for one in level for inner in parts(one)]
        if not level:
            return False
    return True


def _limits(field: Field, names: Names) -> Iterator[str]:
    match field:
        case TextField():
            yield from _text_limits(field)
        case NumberField():
            yield from _span("min", field.min, "max", field.max)
            if not (_is_finite(field.min) and _is_finite(field.max)):
                yield "a bound is out of range"
            yield from _decimals(field.decimals)
        case DateField() | DateTimeField():
            yield from _date_limits(field)
        case ChoiceField() | MultiField():
            yield from _option_limits(field)
        case RatingField():
            yield from _span("min", field.min, "max", field.max)
        case FileField():
            yield from _span("1", 1, "max_rows", field.max_rows)
            yield from _span("1", 1, "max_bytes", field.max_bytes)
        case GroupField():
            yield from _row_limits(field.min_rows, field.max_rows)
        case CalcField():
            yield from _calc_limits(field, names)
        case _:
            pass


def _span(low_name: str, low: Any, high_name: str, high: Any) -> Iterator[str]:
    if low is not None and high is not None and low > high:
        yield f"{high_name} is below {low_name}"


def _is_finite(value: object) -> bool:
    """Infinity and NaN have no place in JSON: a bound or a comparison with one would be read as none."""
    return not isinstance(value, float) or math.isfinite(value)


def _decimals(wanted: int | None) -> Iterator[str]:
    if wanted is not None and not 0 <= wanted <= MAX_DECIMALS:
        yield f"decimals is not from 0 to {MAX_DECIMALS}"


def _row_limits(low: int | None, high: int | None) -> Iterator[str]:
    yield from _span("min_rows", low, "max_rows", high)
    yield from _span("0", 0, "min_rows", low)
    yield from _span("1", 1, "max_rows", high)


def _text_limits(field: TextField) -> Iterator[str]:
    yield from _span("min_length", field.min_length, "max_length", field.max_length)
    yield from _span("0", 0, "min_length", field.min_length)
    yield from _span("0", 0, "max_length", field.max_length)
    if field.pattern is not None:
        try:
            compiled(field.pattern)
        except BadPattern as error:
            yield f"the pattern cannot be used: {error}"


def _date_limits(field: DateField | DateTimeField) -> Iterator[str]:
    valid = is_date if isinstance(field, DateField) else _is_moment
    for name, bound in (("min", field.min), ("max", field.max)):
        if bound is not None and bound != TODAY and not valid(bound):
            yield f"{name} is neither an ISO date nor {TODAY}"
    if TODAY not in {field.min, field.max}:
        yield from _span("min", field.min, "max", field.max)


def _is_moment(text: str) -> bool:
    return is_date(text) or is_datetime(text)


def _option_limits(field: ChoiceField | MultiField) -> Iterator[str]:
    values = [option.value for option in field.options]
    if not values:
        yield "there are no options"
    if "" in values:
        yield "an option has no value"
    if len(set(values)) != len(values):
        yield "an option stands twice"
    if isinstance(field, MultiField):
        yield from _row_limits(field.min_rows, field.max_rows)


def _calc_limits(field: CalcField, names: Names) -> Iterator[str]:
    if not field.of:
        yield "there is nothing to calculate from"
    yield from _decimals(field.decimals)
    for key in field.of:
        slot = names.find(key)
        if slot is None or slot.kind not in {"number", "rating", "calc"}:
            yield f"{key} is no earlier number"
    if field.op in {"difference", "ratio_percent"} and len(field.of) != 2:
        yield f"{field.op} is made of two numbers"
