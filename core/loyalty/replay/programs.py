"""Reads a program that somebody wrote by hand: forgiving where nothing can be misunderstood, exact about what is wrong."""

import re
from typing import Any, Final

import msgspec
from msgspec import inspect

from core.hooks.records.loyalty.program import Program

KINDS: Final = {
    "birthday_benefit": "birthday",
    "campaign_window": "campaign",
    "churn_alert": "churn",
    "goodwill_credit": "goodwill",
    "referral_two_sided": "referral",
    "winback_offer": "winback",
}
"""Other names of kinds, as business documents are filed: facts/loyalty.yaml."""
_NOTES: Final = ("seed", "phrase", "open", "legal")
"""What such a file keeps beside a rule: where the words come from and what they leave open."""
_UNKNOWN: Final = re.compile(r"Object contains unknown field `.*`", re.DOTALL)
_AT: Final = re.compile(r"(.*) - at `\$(.*)`", re.DOTALL)
_STEP: Final = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")


class BadProgram(ValueError):
    """What was sent is no program; `path` leads to the place, the message says why."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


def read_program(raw: Any, path: str = "program") -> Program:
    """Decode a program, a bare list of rules, or a single rule.

    Raises:
        BadProgram: the first problem, with its path; an unknown field names the known ones.
    """
    wire = _tidy(raw)
    if not isinstance(wire, dict):
        raise BadProgram(path, "a program is an object with rules, or a list of rules")
    try:
        return msgspec.convert(wire, Program)
    except msgspec.ValidationError as error:
        raise _told(str(error), wire, path) from None
    except RecursionError:
        raise BadProgram(path, "nested too deeply") from None


def _tidy(raw: Any) -> Any:
    """Bring what people write into the stored form."""
    if isinstance(raw, list):
        raw = {"rules": raw}
    elif isinstance(raw, dict) and "kind" in raw:
        raw = {"rules": [raw]}
    return _renamed(raw)


def _renamed(raw: Any) -> Any:
    if isinstance(raw, list):
        return [_renamed(one) for one in raw]
    if not isinstance(raw, dict):
        return raw
    found = {name: value if name == "when" else _renamed(value) for name, value in raw.items()}
    if "name" in found and "label" not in found:
        found["label"] = found.pop("name")
    if isinstance(found.get("kind"), str):
        found["kind"] = KINDS.get(found["kind"], found["kind"])
        if "phrase" in found and "source" not in found:
            found["source"] = found["phrase"]
        for note in _NOTES:
            found.pop(note, None)
    return found


def _told(text: str, wire: Any, path: str) -> BadProgram:
    placed = _AT.fullmatch(text)
    message, at = (placed[1], placed[2]) if placed is not None else (text, "")
    if _UNKNOWN.fullmatch(message):
        message += f"; known: {', '.join(_fields_at(wire, at))}"
    if at.endswith((".kind", ".type")) and message.startswith("Invalid value"):
        message += f"; known: {', '.join(_tags_at(wire, at.rpartition('.')[0]))}"
    return BadProgram(path + at, message)


def _fields_at(wire: Any, at: str) -> list[str]:
    """Names of the fields that the object at a path may have."""
    kind, value = _walk(wire, at)
    found = _choice(kind, value)
    assert isinstance(found, inspect.StructType)  # only objects have fields that are not known
    tag = [found.tag_field] if found.tag_field is not None else []
    return tag + [one.encode_name for one in found.fields]


def _tags_at(wire: Any, at: str) -> list[str]:
    kind, _value = _walk(wire, at)
    return [str(one.tag) for one in _structs(kind)]


def _walk(wire: Any, at: str) -> tuple[inspect.Type, Any]:
    """Follow a path through the types and, as far as it is there, through what was sent."""
    kind: inspect.Type = inspect.type_info(Program)
    value = wire
    for name, place in _STEP.findall(at):
        found = _choice(kind, value)
        if name:
            assert isinstance(found, inspect.StructType)
            kind = next(one.type for one in found.fields if one.encode_name == name)
            value = value.get(name)
        else:
            assert isinstance(found, inspect.VarTupleType)
            kind, value = found.item_type, value[int(place)]
    return kind, value


def _choice(kind: inspect.Type, value: Any) -> inspect.Type:
    """The one type of a union that the value names by its tag."""
    if not isinstance(kind, inspect.UnionType):
        return kind
    return next(one for one in _structs(kind) if one.tag_field is None or one.tag == value.get(one.tag_field))


def _structs(kind: inspect.Type) -> list[inspect.StructType]:
    types = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return [one for one in types if isinstance(one, inspect.StructType)]
