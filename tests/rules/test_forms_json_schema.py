"""The exported schema takes what the engine takes and refuses what a schema can refuse."""

import importlib
import json
import pkgutil
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types, and stubs would be one more tool

from core.forms.rules import decode_form, evaluate, json_schema
from core.forms.rules.definition import kind_of
from core.forms.rules.patterns import matches, portable
from core.hooks.records.forms import Form
from plugins import petclinic
from tests.rules.test_forms_cases_suites import CASES

TODAY = "2026-03-02"


def _shipped() -> list[Form]:
    """Every form that stands in a module of the pet clinic."""
    names = [f"{petclinic.__name__}.{one.name}" for one in pkgutil.iter_modules(petclinic.__path__)]
    modules = [importlib.import_module(name) for name in names if not name.endswith(".migrations")]
    found = {id(one): one for module in modules for one in vars(module).values() if isinstance(one, Form)}
    return sorted(found.values(), key=lambda form: form.id)


FORMS = _shipped()
# What the text of a schema cannot say: the day it is, real days, signatures of blanks, sizes of all answers together.
BEYOND = {"date", "future", "not_signed", "too_large"}


def schema_of(fields: list[dict[str, Any]], locale: str = "en") -> dict[str, Any]:
    schema = json_schema(form_of(fields), locale)
    Draft202012Validator.check_schema(schema)
    return schema


def form_of(fields: list[dict[str, Any]]) -> Form:
    return decode_form({"id": "t.form", "title": "", "fields": fields})


def fits(schema: dict[str, Any], answers: object) -> bool:
    # As a programme would: numbers and texts as JSON carries them.
    return bool(Draft202012Validator(schema).is_valid(json.loads(json.dumps(answers))))


# Python's own regular expressions, which jsonschema uses, would never come back from this one.
ENDLESS = "(a+)+b"
BY_THE_SERVER_ALONE = {
    "Today: min today, yesterday": "a schema knows no today",
    "JSON Schema type: NUL is no text to keep": "every schema takes NUL in a text",
    "JSON Schema pattern: ^a$ and 'a\\n'": "$ of Python, which jsonschema uses, matches before a last line end",
}
GOOD = [case for case in CASES if "error" not in case["want"] and ENDLESS not in str(case["form"])]


@pytest.mark.parametrize("case", GOOD, ids=[f"{case['id']} {case['idea']}" for case in GOOD])
def test_the_suites_cases_are_judged_alike(case: dict[str, Any]) -> None:
    schema = schema_of(case["form"]["fields"])
    codes = {code for _, code in case["want"]["errors"]}
    if not codes:
        assert fits(schema, case["want"]["data"]), case["want"]["data"]
    elif not codes <= BEYOND and case["idea"] not in BY_THE_SERVER_ALONE:
        assert not fits(schema, case["answers"])


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_the_schema_of_every_shipped_form_is_one(form: Form, locale: str) -> None:
    schema = json_schema(form, locale)
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    assert not fits(schema, {"no_such_question": 1})


def answers_for(fields: tuple[Any, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Mostly fitting answers, some that do not, some missing."""
    odd: st.SearchStrategy[Any] = st.sampled_from([True, 0, -1, 3.5, "x", "", "2026-03-02", [], {}, None])
    return st.fixed_dictionaries({}, optional={field.key: _one(field) | odd for field in fields})


def _one(field: Any) -> st.SearchStrategy[Any]:
    kind = kind_of(field)
    if kind in {"choice", "multi"}:
        option = st.sampled_from([option.value for option in field.options])
        return option if kind == "choice" else st.lists(option, min_size=1, max_size=3)
    if kind == "group":
        inside = answers_for(field.fields)
        return st.lists(inside, min_size=1, max_size=2) if field.repeat else inside
    if kind in {"number", "rating"}:
        return st.integers(int(field.min or 0), int(field.max or 9))
    others: dict[str, list[Any]] = {
        "bool": [True, False],
        "date": ["2020-01-01", TODAY],
        "signature": [{"name": "王小明"}],
    }
    return st.sampled_from(others.get(kind, ["13800138000", "a", "犬" * 12]))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_what_the_engine_takes_of_a_shipped_form_fits_its_schema(form: Form) -> None:
    schema = json_schema(form, "zh-CN")
    validator = Draft202012Validator(schema)
    taken = []

    @settings(max_examples=150, deadline=None)
    @given(answers_for(form.fields))
    def agree(answers: dict[str, Any]) -> None:
        answers = _completed(form, answers)
        result = evaluate(form, answers, TODAY)
        if not result.errors:
            taken.append(1)
            assert [error.message for error in validator.iter_errors(result.data)] == []

    agree()
    assert taken, "a test that never sees a form taken proves nothing"


def _completed(form: Form, answers: dict[str, Any]) -> dict[str, Any]:
    """Drop what is wrong and fill in what is missing, so that most of them are taken."""
    filled = dict(answers)
    for _ in range(4):
        for error in evaluate(form, filled, TODAY).errors:
            key = error.path.partition(".")[0].partition("[")[0]
            field = next((one for one in form.fields if one.key == key), None)
            filled.pop(key, None)
            if field is not None and field.required:
                filled[key] = _sample(field)
    return filled


def _sample(field: Any) -> Any:
    kind = kind_of(field)
    if kind == "group":
        inside = {one.key: _sample(one) for one in field.fields if one.required}
        return [inside] if field.repeat else inside
    if kind in {"choice", "multi"}:
        return field.options[0].value if kind == "choice" else [field.options[0].value]
    if kind in {"number", "rating"}:
        return field.max or field.min or 1
    return {"bool": True, "date": TODAY, "signature": {"name": "王小明"}}.get(kind, "13800138000")


def text(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "key": key, "required": True, **more}


def when(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"visible_when": {"field": field, "op": op} | ({} if value is None else {"value": value})}


def test_a_question_is_needed_only_when_its_condition_holds() -> None:
    schema = schema_of([{"type": "bool", "key": "a"}, text("b", **when("a", "eq", value=True))])
    assert fits(schema, {"a": False})
    assert fits(schema, {})
    assert not fits(schema, {"a": True})
    assert fits(schema, {"a": True, "b": "x"})
    assert schema["properties"]["b"]["x-visible-when"] == {"field": "a", "op": "eq", "value": True}


def test_a_question_in_a_row_is_needed_by_its_own_row() -> None:
    inside = [{"type": "bool", "key": "a"}, text("b", **when("a", "eq", value=True))]
    schema = schema_of([{"type": "group", "key": "p", "repeat": True, "fields": inside}])
    assert fits(schema, {"p": [{"a": False}, {"a": True, "b": "x"}]})
    assert not fits(schema, {"p": [{"a": False}, {"a": True}]})


def test_a_question_in_a_row_that_asks_the_form_is_needed_in_every_row() -> None:
    inside = [text("b", **when("a", "eq", value=True))]
    schema = schema_of([{"type": "bool", "key": "a"}, {"type": "group", "key": "p", "repeat": True, "fields": inside}])
    assert fits(schema, {"a": True})
    assert fits(schema, {"a": False, "p": [{}]})
    assert not fits(schema, {"a": True, "p": [{"b": "x"}, {}]})


def test_a_hidden_group_needs_nothing_and_a_shown_one_what_it_asks() -> None:
    group = {"type": "group", "key": "g", "fields": [text("x"), text("y", **when("x", "eq", "1"))]}
    schema = schema_of([{"type": "bool", "key": "a"}, group | when("a", "eq", value=True)])
    assert fits(schema, {"a": False})
    assert not fits(schema, {"a": True})
    assert not fits(schema, {"a": True, "g": {"x": "1"}})
    assert fits(schema, {"a": True, "g": {"x": "1", "y": "2"}})


@pytest.mark.parametrize(
    ("first", "condition"),
    [
        ({"type": "date", "key": "a"}, when("a", "eq", "today")),
        ({"type": "date", "key": "a"}, when("a", "gt", "2026-01-01")),
        ({"type": "calc", "key": "a", "op": "sum", "of": ["n"]}, when("a", "empty")),
    ],
)
def test_what_a_schema_cannot_say_is_left_to_the_server(first: dict[str, Any], condition: dict[str, Any]) -> None:
    schema = schema_of([{"type": "number", "key": "n"}, first, text("b", **condition)])
    assert "allOf" not in schema
    assert "x-visible-when" in schema["properties"]["b"]


def test_words_come_in_the_readers_language_and_in_all() -> None:
    both = {"zh-CN": "犬", "en": "Dog"}
    schema = schema_of([{"type": "choice", "key": "a", "label": both, "options": [["dog", both]]}], "zh-CN")
    assert schema["properties"]["a"]["title"] == "犬"
    assert schema["properties"]["a"]["oneOf"] == [{"const": "dog", "title": "犬", "x-labels": both}]


PATTERNS = [
    r"\d{3}",
    r"[\d-]+",
    r"\D",
    r"\w+\s\w+",
    r"(?:a|b)+",
    r"[一-龥]{2,4}",
    r"a\-b",
    r"[a\-z]",
    r"1[3-9]\d{9}",
    r"\(x\)",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_portable_pattern_means_the_same(pattern: str) -> None:
    spelt = portable(pattern)
    assert spelt is not None
    for tried in ("123", "12-3", "x", "a b", "ab", "王小明", "a-b", "-", "a", "13800138000", "(x)", "৪৪৪", ""):
        assert Draft202012Validator({"pattern": f"^(?:{spelt})$"}).is_valid(tried) is matches(pattern, tried)


@pytest.mark.parametrize("pattern", [r"\p{L}+", "(?i)a", "(?P<n>a)", "[[:alpha:]]", "[]a]", r"[\D]", r"\bx", r"\x41"])
def test_a_pattern_that_others_would_read_otherwise_stands_aside(pattern: str) -> None:
    assert portable(pattern) is None
    schema = schema_of([{"type": "text", "key": "a", "pattern": pattern}])
    assert schema["properties"]["a"]["x-pattern"] == pattern
