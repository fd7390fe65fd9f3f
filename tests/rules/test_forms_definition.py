"""What a definition must keep to, and its version."""

from typing import Any

import pytest

from core.forms.rules import BadDefinition, canonical_json, check_form, decode_form, version_of
from core.forms.rules.definition import is_date, is_datetime, refuse_bad_form, walk_fields
from core.forms.rules.patterns import MAX_PATTERN, BadPattern, compiled, matches

TEXT = {"type": "text", "key": "a"}


def form(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "t.form", "title": "T", "fields": list(fields), **more}


def reasons(*fields: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    return [(one.field, one.reason) for one in check_form(decode_form(form(*fields, **more)))]


def only(found: list[tuple[str, str]], field: str, words: str) -> None:
    assert len(found) == 1, found
    assert found[0][0] == field
    assert words in found[0][1]


def when(field: str, op: str = "eq", value: Any = "x") -> dict[str, Any]:
    return {"visible_when": {"field": field, "op": op, "value": value}}


def test_the_form_of_the_specification_is_fine() -> None:
    fields = [
        {
            "type": "choice",
            "key": "species",
            "required": True,
            "profile": "subject.species",
            "options": [["dog", "犬"]],
        },
        {"type": "text", "key": "kind", "max_length": 40, **when("species")},
        {"type": "number", "key": "weight_kg", "unit": "kg", "min": 0.01, "max": 120},
        {"type": "bool", "key": "ill"},
        {
            "type": "group",
            "key": "past",
            "repeat": True,
            "max_rows": 10,
            **when("ill", value=True),
            "fields": [
                {"type": "text", "key": "disease", "required": True},
                {"type": "date", "key": "since", "max": "today", **when("disease")},
            ],
        },
        {"type": "signature", "key": "signature", "text": "T"},
        {"type": "note", "key": "n", "text": "N"},
        {"type": "datetime", "key": "at", "min": "2026-01-01", "max": "2026-12-31T23:59"},
        {"type": "multi", "key": "m", "options": [["a", "A"]], "min_rows": 1, "max_rows": 1},
        {"type": "rating", "key": "r"},
        {"type": "file", "key": "f"},
        {"type": "calc", "key": "c", "op": "sum", "of": ["weight_kg", "r"]},
    ]
    assert reasons(*fields) == []
    assert reasons(*fields, sections=[{"id": "s", "title": "S", "fields": ["species", "past"]}]) == []
    assert [path for path, _ in walk_fields(decode_form(form(*fields)).fields)][4:7] == [
        "past",
        "past.disease",
        "past.since",
    ]


@pytest.mark.parametrize("key", ["", "1a", "A", "a-b", "a b", "a.b", "ä", "a" * 41, "a\n", "_a"])
def test_a_key_is_small_letters_digits_and_underscores(key: str) -> None:
    only(reasons({"type": "text", "key": key}), key, "does not match")


def test_a_key_stands_once_in_its_scope() -> None:
    only(reasons(TEXT, TEXT), "a", "twice")
    group = {"type": "group", "key": "g", "repeat": True, "fields": [TEXT]}
    assert reasons(TEXT, group) == []
    only(reasons({**group, "fields": [TEXT, TEXT]}), "g.a", "twice")


def test_a_condition_asks_earlier_fields_or_the_same_row_only() -> None:
    later = {"type": "text", "key": "b"}
    only(reasons({**TEXT, **when("b")}, later), "a", "asks b")
    only(reasons({**TEXT, **when("a")}), "a", "asks a")
    only(reasons({**TEXT, **when("nobody")}), "a", "asks nobody")
    rows = {"type": "group", "key": "g", "repeat": True, "fields": [TEXT, {**later, **when("a")}]}
    assert reasons(rows) == []
    only(reasons(rows, {"type": "text", "key": "c", **when("b")}), "c", "asks b")
    only(reasons({**rows, "fields": [{**TEXT, **when("g")}]}), "g.a", "asks g")
    assert reasons(rows, {"type": "text", "key": "c", **when("g", "not_empty", None)}) == []
    once = {"type": "group", "key": "g", "fields": [TEXT]}
    assert reasons(once, {**later, **when("a")}, {"type": "text", "key": "c", **when("g.a")}) == []


def test_op_in_needs_a_list() -> None:
    only(reasons(TEXT, {"type": "text", "key": "b", **when("a", "in", "x")}), "b", "list")


def test_a_condition_has_a_bounded_number_of_comparisons() -> None:
    leaf = {"field": "a", "op": "eq", "value": 1}
    only(reasons(TEXT, {"type": "text", "key": "b", "visible_when": {"all": [leaf] * 201}}), "b", "200")


def test_keys_of_the_tenant_are_not_a_plugins_to_give() -> None:
    mine = decode_form(form({"type": "text", "key": "x_chip"}))
    assert check_form(mine) == ()
    assert [one.field for one in check_form(mine, own_fields=False)] == ["x_chip"]
    with pytest.raises(BadDefinition, match=r"t\.form.*x_chip.*belong to the tenant"):
        refuse_bad_form(mine)
    refuse_bad_form(decode_form(form(TEXT)))


def test_a_form_and_a_group_have_fields() -> None:
    only(reasons(), "", "at least one field")
    only(reasons({"type": "group", "key": "g", "fields": []}), "g", "at least one field")


def test_groups_nest_eight_deep_and_no_deeper() -> None:
    nested: dict[str, Any] = TEXT
    for _ in range(8):
        nested = {"type": "group", "key": "g", "repeat": True, "fields": [nested]}
    assert reasons(nested) == []
    only(reasons({"type": "group", "key": "g", "fields": [nested]}), ".".join("g" * 9), "8 deep")


def test_a_form_has_a_bounded_number_of_fields() -> None:
    only(reasons(*({"type": "text", "key": f"f{n}"} for n in range(501))), "", "500")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"type": "text", "min_length": 5, "max_length": 4}, "max_length is below min_length"),
        ({"type": "text", "min_length": -1}, "min_length is below 0"),
        ({"type": "text", "max_length": -1}, "max_length is below 0"),
        ({"type": "text", "pattern": "(?=a)"}, "pattern cannot be used"),
        ({"type": "number", "min": 2, "max": 1}, "max is below min"),
        ({"type": "number", "decimals": -1}, "decimals"),
        ({"type": "number", "decimals": 11}, "decimals"),
        ({"type": "number", "max": float("inf")}, "out of range"),
        ({"type": "date", "min": "2026-3-1"}, "min is neither"),
        ({"type": "date", "max": "2026-02-30"}, "max is neither"),
        ({"type": "date", "max": "2026-02-03T10:00"}, "max is neither"),
        ({"type": "date", "min": "2026-03-02", "max": "2026-03-01"}, "max is below min"),
        ({"type": "datetime", "min": "10:00"}, "min is neither"),
        ({"type": "choice", "options": []}, "no options"),
        ({"type": "choice", "options": [["", "A"]]}, "no value"),
        ({"type": "choice", "options": [["a", "A"], ["a", "B"]]}, "twice"),
        ({"type": "multi", "options": [["a", "A"]], "min_rows": 2, "max_rows": 1}, "max_rows is below min_rows"),
        ({"type": "multi", "options": [["a", "A"]], "max_rows": 0}, "max_rows is below 1"),
        ({"type": "rating", "min": 6}, "max is below min"),
        ({"type": "file", "max_rows": 0}, "max_rows is below 1"),
        ({"type": "file", "max_bytes": 0}, "max_bytes is below 1"),
        ({"type": "group", "fields": [TEXT], "min_rows": -1}, "min_rows is below 0"),
        ({"type": "calc", "op": "sum", "of": []}, "nothing to calculate"),
        ({"type": "calc", "op": "sum", "of": ["nobody"]}, "no earlier number"),
        ({"type": "calc", "op": "sum", "of": ["before"]}, "no earlier number"),
        ({"type": "calc", "op": "difference", "of": ["number"]}, "two numbers"),
        ({"type": "text", "profile": "subject"}, "profile is"),
        ({"type": "text", "profile": "staff.name"}, "profile is"),
    ],
)
def test_limits_must_make_sense(field: dict[str, Any], words: str) -> None:
    before = ({"type": "text", "key": "before"}, {"type": "number", "key": "number"})
    only(reasons(*before, {"key": "f", **field}), "f", words)


def test_today_is_a_bound_that_moves_and_is_compared_with_none() -> None:
    assert reasons({"type": "date", "key": "a", "min": "today", "max": "2020-01-01"}) == []


def test_the_profile_map_leads_from_single_fields_only() -> None:
    mapped = {**TEXT, "profile": "subject.species"}
    assert reasons({"type": "group", "key": "g", "fields": [mapped]}) == []
    only(reasons({"type": "group", "key": "g", "repeat": True, "fields": [mapped]}), "g.a", "outside rows")


def test_sections_flags_and_completeness_name_fields_that_exist() -> None:
    section = {"id": "s", "title": "S", "fields": ["a", "b"]}
    only(reasons(TEXT, sections=[section]), "", "unknown field b")
    only(reasons(TEXT, sections=[{**section, "fields": ["a"]}, {**section, "fields": ["a"]}]), "", "two sections")
    item = {"id": "i", "label": "I", "fields": ["a", "g.b"]}
    only(reasons(TEXT, completeness=[item]), "", "unknown field g.b")
    group = {"type": "group", "key": "g", "fields": [{"type": "text", "key": "b"}]}
    assert reasons(TEXT, group, completeness=[item]) == []
    flag = {"id": "f", "title": "F", "reason": "R", "when": {"field": "b", "op": "not_empty"}}
    only(reasons(TEXT, flags=[flag]), "flags.f", "asks b")
    assert reasons(TEXT, group, flags=[flag]) == []


@pytest.mark.parametrize(
    "wire",
    [
        None,
        [],
        {"id": "a"},
        form({"type": "colour", "key": "a"}),
        form({"key": "a"}),
        form({"type": "text"}),
        form({**TEXT, "requird": True}),
        form({**TEXT, "required": "yes"}),
        form({**TEXT, "visible_when": {"field": "b", "op": "like", "value": 1}}),
        form({**TEXT, "visible_when": {"all": [], "any": []}}),
    ],
)
def test_what_is_no_form_is_refused_with_its_place(wire: Any) -> None:
    with pytest.raises(BadDefinition):
        decode_form(wire)


def test_a_definition_that_nests_without_end_is_refused() -> None:
    condition: dict[str, Any] = {"field": "a", "op": "empty"}
    for _ in range(5000):
        condition = {"not": condition}
    with pytest.raises(BadDefinition):
        decode_form(form(TEXT, {"type": "text", "key": "b", "visible_when": condition}))


def test_a_condition_is_thirty_two_deep_at_most() -> None:
    condition: dict[str, Any] = {"field": "a", "op": "empty"}
    for _ in range(31):
        condition = {"not": condition}
    assert reasons(TEXT, {"type": "text", "key": "b", "visible_when": condition}) == []
    for _ in range(300):
        condition = {"any": [condition]}
    only(reasons(TEXT, {"type": "text", "key": "b", "visible_when": condition}), "b", "32 deep")


def test_the_version_is_the_digest_of_the_meaning_not_of_the_spelling() -> None:
    one = decode_form(form({"type": "text", "key": "a", "label": {"zh-CN": "甲", "en": "A"}, "required": False}))
    two = decode_form(
        {"fields": [{"label": {"en": "A", "zh-CN": "甲"}, "key": "a", "type": "text"}], "title": "T", "id": "t.form"}
    )
    assert canonical_json(one) == canonical_json(two)
    assert canonical_json(one).decode() == (
        '{"fields":[{"key":"a","label":{"en":"A","zh-CN":"甲"},"type":"text"}],"id":"t.form","title":"T"}'
    )
    assert version_of(one) == version_of(two) == "92b32b9e81386b92"
    swapped = form({"type": "text", "key": "b"}, TEXT)
    assert version_of(decode_form(swapped)) != version_of(decode_form(form(TEXT, {"type": "text", "key": "b"})))


def test_dates_are_real_days_in_one_spelling() -> None:
    assert [is_date(text) for text in ("2026-03-02", "2024-02-29", "0001-01-01")] == [True] * 3
    bad = (
        "2026-3-2",
        "2026-02-29",
        "2026/03/02",
        "20260302",
        "2026-03-02T00:00",
        "0000-01-01",
        "２０２６-03-02",
        "",
        "2026-03-02\n",
    )
    assert [is_date(text) for text in bad] == [False] * len(bad)


def test_moments_have_a_date_and_at_least_minutes() -> None:
    good = ("2026-03-02T10:00", "2026-03-02T10:00:59", "2026-03-02T10:00:59.123Z", "2026-03-02T10:00+08:00")
    assert [is_datetime(text) for text in good] == [True] * 4
    bad = ("2026-03-02", "2026-03-02 10:00", "2026-03-02T24:01", "2026-02-30T10:00", "2026-03-02T10", "T10:00")
    assert [is_datetime(text) for text in bad] == [False] * 6


def test_a_pattern_matches_the_whole_text() -> None:
    assert matches("[0-9]{15}", "1" * 15)
    assert not matches("[0-9]{15}", "1" * 16)
    assert not matches("a+", "xaay")
    assert not matches("^a$", "a\n")
    assert not matches(r"\d", "٣")
    assert matches(r"[\u4e00-\u9fa5]{2,4}", "张三")
    assert matches(r"\u4e00\u4e8c", "一二")
    assert matches(r"\\u4e00", r"\u4e00")


def test_a_pattern_that_blows_up_elsewhere_is_answered_at_once() -> None:
    assert not matches("(a+)+$", "a" * 10_000 + "!")
    assert not matches("(.*,){11}P", "1,2,3,4,5,6,7,8,9,10,11,12" * 200)


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", r"(a)\1", "[", "a**", "(?:a{1000}){1000}", "a" * (MAX_PATTERN + 1), "\ud800"]
)
def test_a_pattern_that_cannot_be_bounded_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compiled(pattern)
