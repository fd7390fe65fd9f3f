"""Reads a rule or a whole program from plain data, and names everything that is wrong with it by its path."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.errors import FieldProblem, InvalidInput
from core.hooks.records.loyalty.program import AnyRule, Program

MAX_PROBLEMS: Final = 20
_AT: Final = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_CODES: Final = (
    ("missing required field", "required"),
    ("contains unknown field", "unknown-field"),
    ("Invalid value", "option"),
    ("Invalid enum", "option"),
    ("the first tier starts at 0", "first-tier-not-zero"),
    ("tier thresholds rise strictly", "thresholds-not-rising"),
    ("tier codes are unique", "tier-code-twice"),
    ("a lifetime counts in months or in days", "two-lifetimes"),
    ("a lifetime is not negative", "number-limits"),
    ("a coupon gives exactly one", "coupon-gives-one"),
    ("an amount off is at least", "number-limits"),
    ("pay_percent lies between", "percent-limits"),
    ("max_percent lies between", "percent-limits"),
    ("hold_out_percent lies between", "percent-limits"),
    ("points are at least 1, and exactly one of", "earns-by-one"),
    ("period_months and review_months lie", "number-limits"),
    ("a lifetime ends within", "number-limits"),
    ("days are both", "bad-day"),
    ("month must be", "bad-day"),
    ("day is out of range", "bad-day"),
    ("Invalid isoformat", "bad-day"),
    ("Invalid RFC3339", "bad-day"),
    ("multiplier", "bad-multiplier"),
    ("Invalid literal for Fraction", "bad-multiplier"),
    ("rule ids are unique", "rule-id-taken"),
    ("one live tier ladder", "two-ladders"),
    ("Expected `int`", "not-whole"),
    ("Expected `bool`", "bad-value"),
)
_FIELDS: Final = {
    "thresholds-not-rising": "tiers",
    "first-tier-not-zero": "tiers",
    "tier-code-twice": "tiers",
    "two-ladders": "rules",
    "rule-id-taken": "rules",
}
"""What a rule as a whole refuses belongs to this field."""


def read_rule(data: Mapping[str, Any]) -> AnyRule:
    """Return the rule that plain data describes, `kind` and all; raise InvalidInput with every problem at once."""
    return _read(data, AnyRule)  # type: ignore[no-any-return] # a union of structs has no type of its own to give


def read_program(data: Mapping[str, Any]) -> Program:
    """Return a program from its stored form; raise InvalidInput with every problem at once."""
    return _read(data, Program)  # type: ignore[no-any-return] # as above


def _read(data: Mapping[str, Any], kind: Any) -> Any:
    """Convert; what fails is noted and left out, so that the next mistake comes to light too, as far as it can."""
    left: Any = msgspec.json.decode(msgspec.json.encode(data))
    problems: list[FieldProblem] = []
    while len(problems) < MAX_PROBLEMS:
        try:
            found = msgspec.convert(left, kind)
        except msgspec.ValidationError as error:
            problem = problem_of(str(error))
            if problem.path in {one.path for one in problems}:
                break
            problems.append(problem)
            if problem.code == "required" or not _without(left, problem.path):
                break
        else:
            if not problems:
                return found
            break
    raise InvalidInput(tuple(problems))


def problem_of(message: str) -> FieldProblem:
    """A message of the decoder as path and code."""
    match = _AT.search(message)
    path = match["path"] if match else ""
    text = message[: match.start()] if match else message
    code = next((code for start, code in _CODES if start in text), "bad-value")
    if not match and code in _FIELDS:
        return FieldProblem(_FIELDS[code], code)
    named = re.search(r"field `([^`]+)`", text)
    if named and code in ("required", "unknown-field"):
        path = f"{path}.{named[1]}" if path else named[1]
    return FieldProblem(path, code)


def _without(data: Any, path: str) -> bool:
    """Take what stands at a path out of the data; False when that is the whole."""
    steps = re.findall(r"[^.\[\]]+", path)
    if not steps:
        return False
    for step in steps[:-1]:
        data = data[int(step)] if isinstance(data, list) else data[step]
    if isinstance(data, list):
        data.pop(int(steps[-1]))
        return True
    return isinstance(data, dict) and data.pop(steps[-1], None) is not None
