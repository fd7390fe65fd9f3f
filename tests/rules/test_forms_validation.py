"""Answers against a form: every (path, code) at once, nothing coerced, and only what is shown and valid is stored."""

from typing import Any

import pytest

from core.errors import FieldProblem
from core.forms.rules import Result, check_form, decode_form, evaluate
from core.forms.rules.validation import MAX_ANSWERS_BYTES, MAX_ROWS

TODAY = "2026-03-02"


def judge(fields: list[dict[str, Any]], answers: dict[str, Any], today: str = TODAY) -> Result:
    form = decode_form({"id": "t", "title": "", "fields": fields})
    assert check_form(form) == ()
    return evaluate(form, answers, today)


def codes(result: Result) -> list[tuple[str, str]]:
    return [(error.path, error.code) for error in result.errors]


def one(field: dict[str, Any], answer: Any) -> list[str]:
    """The codes that one answer to one field earns."""
    result = judge([{"key": "f", **field}], {"f": answer})
    assert all(error.path == "f" for error in result.errors)
    assert result.data == ({} if result.errors or answer in (None, "", []) else {"f": answer})
    assert result.ok is not bool(result.errors)
    return [error.code for error in result.errors]


CHOICE = {"type": "choice", "options": [["dog", "犬"], ["cat", "猫"]]}
MULTI = {"type": "multi", "options": [["a", "A"], ["b", "B"], ["c", "C"]], "min_rows": 2, "max_rows": 2}
FILE = {"token": "t", "name": "a.jpg", "type": "image/jpeg", "size": 5}
PNG = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    ("field", "answer", "wanted"),
    [
        ({"type": "text"}, "x", []),
        ({"type": "text"}, " ", []),
        ({"type": "text"}, "0", []),
        ({"type": "text"}, 5, ["type"]),
        ({"type": "text"}, True, ["type"]),
        ({"type": "text"}, ["x"], ["type"]),
        ({"type": "text"}, {}, ["type"]),
        ({"type": "text"}, "a\x00b", ["type"]),
        ({"type": "text"}, "\ud800", ["type"]),
        ({"type": "text"}, "x" * 10_000, []),
        ({"type": "text"}, "x" * 10_001, ["max_length"]),
        ({"type": "text", "max_length": 2}, "犬猫", []),
        ({"type": "text", "max_length": 2}, "😀😀", []),
        ({"type": "text", "max_length": 2}, "abc", ["max_length"]),
        ({"type": "text", "min_length": 2}, "a", ["min_length"]),
        ({"type": "text", "min_length": 2}, "ab", []),
        ({"type": "text", "min_length": 2}, "", []),
        ({"type": "text", "min_length": 3, "pattern": "[0-9]+"}, "a", ["min_length", "pattern"]),
        ({"type": "text", "pattern": "[0-9]{15}"}, "123456789012345", []),
        ({"type": "text", "pattern": "[0-9]{15}"}, "1234567890123456", ["pattern"]),
        ({"type": "text", "max_length": 2, "pattern": "a"}, "bbb", ["max_length", "pattern"]),
        ({"type": "number"}, 0, []),
        ({"type": "number"}, -1.5, []),
        ({"type": "number"}, 10**400, []),
        ({"type": "number"}, "5", ["type"]),
        ({"type": "number"}, True, ["type"]),
        ({"type": "number"}, False, ["type"]),
        ({"type": "number"}, float("nan"), ["type"]),
        ({"type": "number", "min": 1, "max": 3}, 1, []),
        ({"type": "number", "min": 1, "max": 3}, 3.0, []),
        ({"type": "number", "min": 1, "max": 3}, 0.99, ["min"]),
        ({"type": "number", "min": 1, "max": 3}, 3.01, ["max"]),
        ({"type": "number", "decimals": 1}, 5.2, []),
        ({"type": "number", "decimals": 1}, 5.25, ["type"]),
        ({"type": "number", "decimals": 0, "max": 3}, 4.5, ["type", "max"]),
        ({"type": "number", "decimals": 0}, 4.0, []),
        ({"type": "bool"}, False, []),
        ({"type": "bool", "required": True}, False, []),
        ({"type": "bool"}, 0, ["type"]),
        ({"type": "bool"}, "true", ["type"]),
        (CHOICE, "dog", []),
        (CHOICE, "犬", ["option"]),
        (CHOICE, "DOG", ["option"]),
        (CHOICE, 1, ["type"]),
        (CHOICE, ["dog"], ["type"]),
        (MULTI, ["a", "b"], []),
        (MULTI, ["a"], ["rows_min"]),
        (MULTI, ["a", "b", "c"], ["rows_max"]),
        (MULTI, ["a", "x"], ["option"]),
        (MULTI, ["x"], ["option", "rows_min"]),
        (MULTI, [], []),
        (MULTI, "a", ["type"]),
        (MULTI, ["a", 1], ["type"]),
        ({"type": "rating"}, 5, []),
        ({"type": "rating"}, 5.0, []),
        ({"type": "rating"}, 4.5, ["type"]),
        ({"type": "rating"}, "5", ["type"]),
        ({"type": "rating"}, True, ["type"]),
        ({"type": "rating"}, 0, ["min"]),
        ({"type": "rating", "min": 0, "max": 10}, 0, []),
        ({"type": "rating"}, 6, ["max"]),
        ({"type": "date"}, "2026-03-02", []),
        ({"type": "date"}, "2026-3-2", ["date"]),
        ({"type": "date"}, "2026-02-30", ["date"]),
        ({"type": "date"}, "today", ["date"]),
        ({"type": "date"}, 20260302, ["type"]),
        ({"type": "date", "max": "today"}, TODAY, []),
        ({"type": "date", "max": "today"}, "2026-03-03", ["future"]),
        ({"type": "date", "min": "today"}, "2026-03-01", ["min"]),
        ({"type": "date", "min": "2026-01-01", "max": "2026-12-31"}, "2025-12-31", ["min"]),
        ({"type": "date", "min": "2026-01-01", "max": "2026-12-31"}, "2027-01-01", ["max"]),
        ({"type": "datetime"}, "2026-03-02T10:00", []),
        ({"type": "datetime"}, "2026-03-02", ["date"]),
        ({"type": "datetime", "max": "today"}, "2026-03-02T23:59", []),
        ({"type": "datetime", "max": "today"}, "2026-03-03T00:00", ["future"]),
        ({"type": "datetime", "min": "2026-03-02T10:00"}, "2026-03-02T09:59", ["min"]),
        ({"type": "datetime", "min": "2026-03-02T10:00:00"}, "2026-03-02T10:00", []),
        ({"type": "datetime", "max": "2026-03-02T10:00:00Z"}, "2026-03-02T17:59:00+08:00", []),
        ({"type": "datetime", "max": "2026-03-02T10:00:00Z"}, "2026-03-02T18:01:00+08:00", ["max"]),
        ({"type": "datetime", "max": "2026-03-02T10:00"}, "2026-03-02T10:01Z", ["max"]),
        ({"type": "datetime"}, "2026-03-02T10:00:00+10:60", ["date"]),
        ({"type": "file"}, FILE, []),
        ({"type": "file"}, [FILE], []),
        ({"type": "file"}, [FILE, FILE], ["rows_max"]),
        ({"type": "file", "max_rows": 2}, [FILE, FILE], []),
        ({"type": "file"}, "t", ["type"]),
        ({"type": "file"}, {**FILE, "size": True}, ["type"]),
        ({"type": "file"}, {**FILE, "name": 1}, ["type"]),
        ({"type": "file"}, {**FILE, "name": "a\x00"}, ["type"]),
        ({"type": "file"}, {**FILE, "more": 1}, ["type"]),
        ({"type": "file", "max_bytes": 4}, FILE, ["too_large"]),
        ({"type": "file"}, {**FILE, "type": "image/svg+xml"}, ["option"]),
        ({"type": "signature"}, "张三", []),
        ({"type": "signature"}, {"name": "张三"}, []),
        ({"type": "signature"}, {"image": PNG}, []),
        ({"type": "signature"}, {"image": PNG, "name": "张三"}, []),
        ({"type": "signature"}, " ", ["not_signed"]),
        ({"type": "signature"}, {}, ["not_signed"]),
        ({"type": "signature"}, {"name": ""}, ["not_signed"]),
        ({"type": "signature"}, {"name": 5}, ["type"]),
        ({"type": "signature"}, {"name": "x", "by": "y"}, ["type"]),
        ({"type": "signature"}, {"image": "data:image/svg+xml,<svg onload=alert(1)>"}, ["type"]),
        ({"type": "signature"}, True, ["type"]),
        ({"type": "signature"}, "x" * 200_001, ["too_large"]),
        *(
            ({"type": kind, "required": True}, empty, ["required"])
            for kind in ("text", "number", "bool", "date")
            for empty in (None, "", [])
        ),
        ({"type": "signature", "required": True}, "", ["not_signed"]),
    ],
)
def test_one_answer(field: dict[str, Any], answer: Any, wanted: list[str]) -> None:
    assert one(field, answer) == wanted


def test_problems_carry_what_their_text_needs() -> None:
    fields = [
        {"type": "text", "key": "a", "max_length": 2},
        {"type": "number", "key": "b", "min": 0.5},
        {"type": "date", "key": "c", "min": "today"},
    ]
    result = judge(fields, {"a": "abc", "b": 0, "c": "2026-01-01"})
    assert result.errors == (
        FieldProblem("a", "max_length", {"max": 2}),
        FieldProblem("b", "min", {"min": 0.5}),
        FieldProblem("c", "min", {"min": TODAY}),
    )


SPEC = [
    {"type": "choice", "key": "species", "required": True, "options": [["dog", "犬"], ["exotic", "异宠"]]},
    {
        "type": "text",
        "key": "exotic_kind",
        "required": True,
        "visible_when": {"field": "species", "op": "eq", "value": "exotic"},
    },
    {"type": "bool", "key": "ill"},
    {
        "type": "group",
        "key": "past",
        "repeat": True,
        "max_rows": 2,
        "visible_when": {"field": "ill", "op": "eq", "value": True},
        "fields": [
            {"type": "text", "key": "disease", "required": True},
            {"type": "date", "key": "since", "max": "today"},
        ],
    },
]


def test_what_is_hidden_is_not_required_not_validated_and_not_stored() -> None:
    result = judge(SPEC, {"species": "dog", "exotic_kind": 5, "ill": False, "past": "no list", "extra": 1})
    assert result.visible == ("species", "ill")
    assert codes(result) == [("extra", "unknown")]
    assert result.data == {"species": "dog", "ill": False}


def test_what_is_shown_is_required_validated_and_stored() -> None:
    result = judge(
        SPEC, {"species": "exotic", "ill": True, "past": [{"disease": "x", "since": "2026-03-03"}, {"since": TODAY}]}
    )
    assert result.visible == (
        *("species", "exotic_kind", "ill", "past"),
        *("past[0].disease", "past[0].since", "past[1].disease", "past[1].since"),
    )
    assert codes(result) == [("exotic_kind", "required"), ("past[0].since", "future"), ("past[1].disease", "required")]
    assert result.data == {"species": "exotic", "ill": True, "past": [{"disease": "x"}, {"since": TODAY}]}


def test_what_is_hidden_is_empty_for_later_fields() -> None:
    chain = [
        {"type": "bool", "key": "a"},
        {"type": "text", "key": "b", "visible_when": {"field": "a", "op": "eq", "value": True}},
        {"type": "text", "key": "c", "visible_when": {"field": "b", "op": "eq", "value": "x"}},
        {"type": "text", "key": "d", "visible_when": {"field": "b", "op": "empty"}},
    ]
    assert judge(chain, {"a": True, "b": "x"}).visible == ("a", "b", "c")
    assert judge(chain, {"a": False, "b": "x"}).visible == ("a", "d")


def test_an_answer_that_is_wrong_still_counts_for_conditions() -> None:
    fields = [
        {"type": "number", "key": "n", "max": 5},
        {"type": "text", "key": "t", "visible_when": {"field": "n", "op": "gt", "value": 5}},
    ]
    assert judge(fields, {"n": 9}).visible == ("n", "t")
    assert judge(fields, {"n": "9"}).visible == ("n",)


def test_today_is_the_local_date_in_conditions_on_dates() -> None:
    fields = [
        {"type": "date", "key": "day"},
        {"type": "choice", "key": "word", "options": [["today", "T"]]},
        {"type": "text", "key": "late", "visible_when": {"field": "day", "op": "lt", "value": "today"}},
        {"type": "text", "key": "now", "visible_when": {"field": "word", "op": "eq", "value": "today"}},
    ]
    assert judge(fields, {"day": "2026-03-01", "word": "today"}).visible == ("day", "word", "late", "now")
    assert judge(fields, {"day": "2026-03-01"}, "2026-03-01").visible == ("day", "word")


def test_a_row_asks_itself_first_and_then_the_form() -> None:
    rows = {
        "type": "group",
        "key": "g",
        "repeat": True,
        "fields": [
            {"type": "text", "key": "a"},
            {"type": "text", "key": "own", "visible_when": {"field": "a", "op": "eq", "value": "row"}},
            {"type": "text", "key": "form", "visible_when": {"field": "top", "op": "eq", "value": "yes"}},
        ],
    }
    fields = [{"type": "text", "key": "a"}, {"type": "text", "key": "top"}, rows]
    result = judge(fields, {"a": "row", "top": "yes", "g": [{"a": "row"}, {"a": "x"}, {}]})
    assert [path for path in result.visible if path.startswith("g[")] == [
        *("g[0].a", "g[0].own", "g[0].form"),
        *("g[1].a", "g[1].form"),
        *("g[2].a", "g[2].form"),
    ]


GROUP: dict[str, Any] = {"type": "group", "key": "g", "repeat": True, "fields": [{"type": "text", "key": "a"}]}


@pytest.mark.parametrize(
    ("more", "answer", "wanted"),
    [
        ({}, None, []),
        ({}, [], []),
        ({}, [{}], []),
        ({}, {"a": "x"}, [("g", "type")]),
        ({}, "x", [("g", "type")]),
        ({}, [{"a": 1}, 5, {"b": 1}], [("g[0].a", "type"), ("g[1]", "type"), ("g[2].b", "unknown")]),
        ({"required": True}, [], [("g", "required")]),
        ({"required": True, "min_rows": 2}, None, [("g", "required")]),
        ({"required": True, "min_rows": 2}, [{"a": "x"}], [("g", "rows_min")]),
        ({"min_rows": 1}, None, [("g", "rows_min")]),
        ({"min_rows": 1}, [{"a": "x"}], []),
        ({"max_rows": 1}, [{"a": "x"}, {"a": "y"}], [("g", "rows_max")]),
        ({}, [{}] * (MAX_ROWS + 1), [("g", "rows_max")]),
    ],
)
def test_rows(more: dict[str, Any], answer: Any, wanted: list[tuple[str, str]]) -> None:
    assert codes(judge([{**GROUP, **more}], {"g": answer})) == wanted


def test_rows_of_a_hidden_group_are_not_looked_at() -> None:
    hidden = {**GROUP, "visible_when": {"field": "b", "op": "eq", "value": True}}
    result = judge([{"type": "bool", "key": "b"}, hidden], {"b": False, "g": [5, {"a": 5}, {"zz": 1}]})
    assert (result.visible, codes(result), result.data) == (("b",), [], {"b": False})


def test_a_group_is_known_to_be_filled_by_its_rows() -> None:
    fields = [GROUP, {"type": "text", "key": "why", "visible_when": {"field": "g", "op": "not_empty"}}]
    assert judge(fields, {"g": [{"a": "x"}]}).visible[-1] == "why"
    assert judge(fields, {"g": []}).visible == ("g",)


ONCE: dict[str, Any] = {"type": "group", "key": "g", "fields": [{"type": "text", "key": "a", "required": True}]}


def test_a_group_that_does_not_repeat_is_an_object() -> None:
    later = {"type": "text", "key": "b", "visible_when": {"field": "a", "op": "eq", "value": "x"}}
    filled = {"type": "text", "key": "c", "visible_when": {"field": "g", "op": "not_empty"}}
    result = judge([ONCE, later, filled], {"g": {"a": "x"}})
    assert (result.visible, codes(result), result.data) == (("g", "g.a", "b", "c"), [], {"g": {"a": "x"}})
    assert codes(judge([ONCE], {})) == [("g.a", "required")]
    assert codes(judge([ONCE], {"g": {"a": "x", "z": 1}})) == [("g.z", "unknown")]
    for wrong in ([{"a": "x"}], "x"):
        result = judge([ONCE], {"g": wrong})
        assert (result.visible, codes(result)) == (("g",), [("g", "type")])


def test_a_required_group_has_some_answer() -> None:
    optional = {"type": "group", "key": "g", "required": True, "fields": [{"type": "text", "key": "a"}]}
    assert codes(judge([optional], {})) == [("g", "required")]
    assert codes(judge([optional], {"g": {"a": "x"}})) == []


def test_nobody_answers_a_note_and_the_server_calculates() -> None:
    fields = [
        {"type": "note", "key": "n", "text": "Read this", "required": True},
        {"type": "number", "key": "a"},
        {"type": "rating", "key": "b"},
        {"type": "calc", "key": "c", "op": "sum", "of": ["a", "b"], "required": True},
        {"type": "text", "key": "d", "visible_when": {"field": "c", "op": "gte", "value": 7}},
    ]
    result = judge(fields, {"n": "x", "a": 2.5, "b": 5, "c": 99})
    assert result.visible == ("n", "a", "b", "c", "d")
    assert codes(result) == [("n", "unknown")]
    assert result.data == {"a": 2.5, "b": 5, "c": 7.5}
    assert judge(fields, {"a": 1}).data == {"a": 1}


@pytest.mark.parametrize(
    ("op", "numbers", "wanted"),
    [
        ("sum", [0.1, 0.2], 0.3),
        ("mean", [1, 2], 1.5),
        ("product", [2, 1.005], 2.01),
        ("difference", [1, 3], -2),
        ("ratio_percent", [1, 3], 33.33),
        ("ratio_percent", [1, 0], None),
        ("sum", ["1", 2], None),
        ("sum", [True, 2], None),
        ("sum", [10**15, 2], None),
        ("product", [10**14, 10**14], None),
    ],
)
def test_a_calculation_is_exact_or_empty(op: str, numbers: list[Any], wanted: float | None) -> None:
    fields = [
        *({"type": "number", "key": key} for key in "ab"),
        {"type": "calc", "key": "c", "op": op, "of": ["a", "b"]},
    ]
    assert judge(fields, dict(zip("ab", numbers, strict=True))).data.get("c") == wanted


def test_a_calculation_asks_its_own_row() -> None:
    inside = [{"type": "number", "key": "a"}, {"type": "calc", "key": "c", "op": "sum", "of": ["a"], "decimals": 0}]
    rows = {"type": "group", "key": "g", "repeat": True, "fields": inside}
    assert judge([rows], {"g": [{"a": 1.5}, {"a": 3}]}).data == {"g": [{"a": 1.5, "c": 2}, {"a": 3, "c": 3}]}


def test_a_calculation_from_a_field_that_is_gone_is_empty() -> None:
    form = decode_form({"id": "t", "title": "", "fields": [{"type": "calc", "key": "c", "op": "sum", "of": ["gone"]}]})
    assert evaluate(form, {}, TODAY).data == {}


def test_too_much_is_refused_as_a_whole() -> None:
    result = judge([{"type": "text", "key": "a"}], {"a": "x" * (MAX_ANSWERS_BYTES + 1)})
    assert (codes(result), result.data) == ([("", "too_large")], {})


def test_every_unknown_key_is_named_where_it_stands() -> None:
    assert codes(judge([{"type": "text", "key": "a"}], {"a": "x", "b": 1, "__proto__": 2})) == [
        ("b", "unknown"),
        ("__proto__", "unknown"),
    ]
