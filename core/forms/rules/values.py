"""What one answer may be, kind by kind: every broken rule at once, and nothing is ever coerced."""

import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from core.errors import FieldProblem
from core.forms.rules.conditions import TODAY
from core.forms.rules.definition import is_date, is_datetime
from core.forms.rules.patterns import matches
from core.hooks.records.forms import (
    BoolField,
    CalcField,
    ChoiceField,
    DateField,
    DateTimeField,
    Field,
    FileField,
    MultiField,
    NumberField,
    RatingField,
    SignatureField,
    TextField,
)

MAX_TEXT = 10_000  # characters, where a field names no max_length
MAX_SIGNATURE = 200_000  # characters: a drawn signature is a data address of some 30 kB
DAY = len("2026-03-02")
DIGITS = 50  # of a calculation: more than any answer has, so that only the rounding at its end rounds
LARGEST = 10**15  # calculated numbers stay exact in JSON of every language
FILE_KEYS = {"token", "name", "type", "size"}
SIGNATURE_KEYS = ("image", "name")
DRAWN = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+={0,2}")

Fault = tuple[str, dict[str, str | int | float]]


def is_storable(value: Any) -> bool:
    """PostgreSQL keeps neither NUL nor half of a surrogate pair (S67), wherever in the JSON they stand."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return all(is_storable(key) and is_storable(one) for key, one in value.items())
    return all(map(is_storable, value)) if isinstance(value, list) else True


def _text(field: TextField, value: Any, _today: str) -> Iterator[Fault]:
    if not isinstance(value, str) or not is_storable(value):
        yield "type", {}
        return
    if field.min_length is not None and len(value) < field.min_length:
        yield "min_length", {"min": field.min_length}
    longest = MAX_TEXT if field.max_length is None else field.max_length
    if len(value) > longest:
        yield "max_length", {"max": longest}
    if field.pattern is not None and not matches(field.pattern, value):
        yield "pattern", {}


def is_number(value: object) -> bool:
    """Tell whether this is a finite number; True and False are none."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _bounds(value: float, low: float | None, high: float | None) -> Iterator[Fault]:
    if low is not None and value < low:
        yield "min", {"min": low}
    if high is not None and value > high:
        yield "max", {"max": high}


def _number(field: NumberField, value: Any, _today: str) -> Iterator[Fault]:
    if not is_number(value):
        yield "type", {}
        return
    if field.decimals is not None and round(value, field.decimals) != value:
        yield "type", {"decimals": field.decimals}
    yield from _bounds(value, field.min, field.max)


def _bool(field: BoolField, value: Any, _today: str) -> Iterator[Fault]:
    if not isinstance(value, bool):
        yield "type", {}
    elif field.risk is not None and not value:
        yield "required", {}


def _rating(field: RatingField, value: Any, _today: str) -> Iterator[Fault]:
    if not is_number(value) or value != int(value):
        yield "type", {}
        return
    yield from _bounds(value, field.min, field.max)


def _date(field: DateField | DateTimeField, value: Any, today: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield "type", {}
        return
    if not (is_date(value) if isinstance(field, DateField) else is_datetime(value)):
        yield "date", {}
        return
    if field.min is not None:
        low = today if field.min == TODAY else field.min
        if _is_before(value, low):
            yield "min", {"min": low}
    if field.max is not None:
        high = today if field.max == TODAY else field.max
        if _is_before(high, value):
            yield ("future", {}) if field.max == TODAY else ("max", {"max": high})


def _is_before(one: str, other: str) -> bool:
    """Compare two dates or times; beside a day only the day counts, so a bound that is a day takes all of it.

    Two instants with a zone are compared as instants; else what the clock on the wall says.
    """
    if len(one) == DAY or len(other) == DAY:
        return one[:DAY] < other[:DAY]
    a, b = datetime.fromisoformat(one), datetime.fromisoformat(other)
    if a.tzinfo is None or b.tzinfo is None:
        a, b = a.replace(tzinfo=None), b.replace(tzinfo=None)
    return a < b


def _choice(field: ChoiceField, value: Any, _today: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield "type", {}
    elif all(value != option.value for option in field.options):
        yield "option", {}


def _multi(field: MultiField, value: Any, _today: str) -> Iterator[Fault]:
    if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
        yield "type", {}
        return
    if not {option.value for option in field.options}.issuperset(value):
        yield "option", {}
    yield from row_faults(len(value), field.min_rows, field.max_rows)


def row_faults(count: int, low: int | None, high: int | None) -> Iterator[Fault]:
    """Too few or too many rows, files or ticks."""
    if low is not None and count < low:
        yield "rows_min", {"min": low}
    if high is not None and count > high:
        yield "rows_max", {"max": high}


def _is_file(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == FILE_KEYS
        and is_storable(value)
        and all(isinstance(value[key], str) for key in ("token", "name", "type"))
        and isinstance(value["size"], int)
        and not isinstance(value["size"], bool)
    )


def _files(field: FileField, value: Any, _today: str) -> Iterator[Fault]:
    files = value if isinstance(value, list) else [value]
    if not all(_is_file(one) for one in files):
        yield "type", {}
        return
    if any(one["type"] not in field.accept for one in files):
        yield "option", {}
    if any(one["size"] > field.max_bytes for one in files):
        yield "too_large", {"max": field.max_bytes}
    yield from row_faults(len(files), None, field.max_rows)


def _signature(_field: SignatureField, value: Any, _today: str) -> Iterator[Fault]:
    given = value if isinstance(value, dict) else {"name": value}
    texts = [given[key] for key in SIGNATURE_KEYS if given.get(key) is not None]
    if set(given) - set(SIGNATURE_KEYS) or not all(isinstance(text, str) and is_storable(text) for text in texts):
        yield "type", {}
    elif not any(text.strip() for text in texts):
        yield "not_signed", {}
    elif sum(map(len, texts)) > MAX_SIGNATURE:
        yield "too_large", {"max": MAX_SIGNATURE}
    elif given.get("image") and not DRAWN.fullmatch(given["image"]):
        yield "type", {}


_JUDGES: dict[type[Any], Callable[[Any, Any, str], Iterator[Fault]]] = {
    TextField: _text,
    NumberField: _number,
    DateField: _date,
    DateTimeField: _date,
    BoolField: _bool,
    ChoiceField: _choice,
    MultiField: _multi,
    RatingField: _rating,
    FileField: _files,
    SignatureField: _signature,
}


def faults(field: Field, value: Any, today: str) -> Iterator[Fault]:
    """Every (code, params) that a given, non-empty answer of a leaf field earns."""
    return _JUDGES[type(field)](field, value, today)


def calculate(field: CalcField, numbers: list[Any]) -> int | float | None:
    """The value of a calc field; None while a part is missing, no number, too large, or would divide by zero."""
    if not all(is_number(number) and abs(number) < LARGEST for number in numbers):
        return None
    with localcontext(prec=DIGITS):
        value = _calculated(field.op, [Decimal(str(number)) for number in numbers])
        if value is None or abs(value) >= LARGEST:
            return None
        rounded = value.quantize(Decimal(1).scaleb(-field.decimals), ROUND_HALF_UP)
    return int(rounded) if rounded == int(rounded) else float(rounded)


def _calculated(op: str, parts: list[Decimal]) -> Decimal | None:
    match op:
        case "sum":
            return sum(parts, Decimal(0))
        case "mean":
            return sum(parts, Decimal(0)) / len(parts)
        case "product":
            return math.prod(parts, start=Decimal(1))
        case "difference":
            return parts[0] - parts[1]
        case _:  # ratio_percent
            return None if parts[1] == 0 else parts[0] * 100 / parts[1]


def problem(path: str, fault: Fault) -> FieldProblem:
    """The fault at its place."""
    return FieldProblem(path, fault[0], fault[1])
