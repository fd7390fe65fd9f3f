"""A tenant's overlay tightens, adds, orders and hides; what no longer fits is a conflict."""

from typing import Any

import msgspec
import pytest

from core.forms.rules import Overlay, apply_overlay, decode_form, version_of
from core.hooks.records.forms import Form

FIELDS: list[dict[str, Any]] = [
    {"type": "choice", "key": "species", "required": True, "options": [["dog", "犬"], ["cat", "猫"]]},
    {"type": "text", "key": "chip", "max_length": 20},
    {"type": "number", "key": "weight_kg", "min": 0.01, "max": 120},
    {"type": "date", "key": "born", "max": "today"},
    {"type": "text", "key": "why", "visible_when": {"field": "chip", "op": "empty"}},
    {
        "type": "group",
        "key": "past",
        "repeat": True,
        "max_rows": 10,
        "fields": [{"type": "text", "key": "disease", "required": True}, {"type": "text", "key": "note"}],
    },
    {"type": "group", "key": "home", "fields": [{"type": "text", "key": "diet", "required": True}]},
    {"type": "file", "key": "photo", "accept": ["image/png", "image/jpeg"]},
]


def base(**more: Any) -> Form:
    return decode_form({"id": "t", "title": "", "fields": FIELDS, **more})


def overlay(**wire: Any) -> Overlay:
    return msgspec.convert(wire, Overlay)


def conflicts(form: Form | None = None, **wire: Any) -> list[tuple[str, str]]:
    return [(one.field, one.reason) for one in apply_overlay(form or base(), overlay(**wire)).conflicts]


def keys(form: Form) -> list[str]:
    return [field.key for field in form.fields]


def test_the_overlay_of_the_specification() -> None:
    chip = {"type": "text", "key": "x_chip", "label": "芯片号", "pattern": "[0-9]{15}"}
    applied = apply_overlay(
        base(),
        overlay(
            base="b63dd946fce1e2f2",
            set={"weight_kg": {"required": True}},
            add=[{"after": "weight_kg", "field": chip}],
            order=["species"],
            hide=[],
        ),
    )
    assert applied.conflicts == ()
    assert keys(applied.form)[:4] == ["species", "chip", "weight_kg", "x_chip"]
    assert applied.form.fields[2].required
    assert version_of(applied.form) != version_of(base())


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("chip", {"required": True, "label": "芯片", "help": {"en": "H", "zh-CN": "帮"}, "min_length": 15}),
        ("chip", {"max_length": 15, "pattern": "[0-9]+"}),
        ("weight_kg", {"min": 0.1, "max": 100, "decimals": 1}),
        ("weight_kg", {"min": 0.01}),
        ("born", {"max": "today", "min": "2000-01-01"}),
        ("past", {"max_rows": 5, "min_rows": 1}),
        ("past.note", {"required": True}),
        ("species", {"options": [["cat", "猫猫"]], "required": True}),
        ("photo", {"accept": ["image/png"], "max_bytes": 1000}),
    ],
)
def test_a_tenant_may_relabel_and_tighten(path: str, changes: dict[str, Any]) -> None:
    assert conflicts(set={path: changes}) == []


@pytest.mark.parametrize(
    ("path", "changes", "words"),
    [
        ("species", {"required": False}, "required may only be tightened"),
        ("chip", {"max_length": 21}, "max_length may only be tightened"),
        ("chip", {"max_length": None}, "max_length may only be tightened"),
        ("weight_kg", {"min": 0}, "min may only be tightened"),
        ("weight_kg", {"max": 121}, "max may only be tightened"),
        ("born", {"max": "2030-01-01"}, "max may only be tightened"),
        ("past", {"max_rows": 11}, "max_rows may only be tightened"),
        ("species", {"options": [["dog", "犬"], ["cow", "牛"]]}, "options may only be tightened"),
        ("photo", {"accept": ["image/svg+xml"]}, "accept may only be tightened"),
        ("chip", {"type": "number"}, "type of this field is not the tenant's to set"),
        ("chip", {"key": "x"}, "key of this field is not the tenant's to set"),
        ("why", {"visible_when": None}, "visible_when of this field"),
        ("chip", {"profile": "customer.phone"}, "profile of this field"),
        ("chip", {"min": 3}, "min of this field"),
        ("chip", {"required": "yes"}, "Expected `bool`"),
        ("gone", {"required": True}, "no such field any more"),
        ("past.gone", {"required": True}, "no such field any more"),
    ],
)
def test_a_tenant_may_not_loosen_or_retype(path: str, changes: dict[str, Any], words: str) -> None:
    found = conflicts(set={path: changes})
    assert found[0][0] == path
    assert words in found[0][1]


def test_a_pattern_may_be_given_but_not_changed() -> None:
    form = decode_form({"id": "t", "title": "", "fields": [{"type": "text", "key": "a", "pattern": "a+"}]})
    assert conflicts(form, set={"a": {"pattern": "a+"}}) == []
    assert conflicts(form, set={"a": {"pattern": "a"}}) == [("a", "pattern may only be tightened")]


def test_a_field_of_the_tenants_own_has_a_key_of_its_own() -> None:
    mine = {"type": "text", "key": "x_a"}
    applied = apply_overlay(
        base(), overlay(add=[{"field": mine}, {"field": {**mine, "key": "x_b"}, "after": "past.disease"}])
    )
    assert applied.conflicts == ()
    assert keys(applied.form)[-1] == "x_a"
    group = applied.form.fields[5]
    assert [field.key for field in group.fields] == ["disease", "x_b", "note"]  # type: ignore[union-attr] # it is the group
    assert conflicts(add=[{"field": {**mine, "key": "a"}}]) == [("a", "the key of a field of your own starts with x_")]
    assert conflicts(add=[{"field": mine}, {"field": mine}]) == [("x_a", "the key is used twice")]
    found = apply_overlay(base(), overlay(add=[{"field": mine, "after": "gone"}]))
    assert [one.field for one in found.conflicts] == ["x_a"]
    assert keys(found.form)[-1] == "x_a"


def test_what_is_ordered_comes_first_and_the_rest_keeps_its_place() -> None:
    applied = apply_overlay(base(), overlay(order=["born", "species", "born"]))
    assert applied.conflicts == ()
    assert keys(applied.form)[:4] == ["born", "species", "chip", "weight_kg"]
    assert conflicts(order=["gone"]) == [("gone", "the form has no such field any more")]
    assert "asks chip" in conflicts(order=["why"])[0][1]


def test_what_is_optional_may_be_hidden() -> None:
    applied = apply_overlay(base(), overlay(hide=["photo", "past.note", "past"]))
    assert applied.conflicts == ()
    assert {"photo", "past"}.isdisjoint(keys(applied.form))


@pytest.mark.parametrize("path", ["species", "past.disease", "home", "home.diet"])
def test_what_the_plugin_requires_may_not_be_hidden(path: str) -> None:
    assert conflicts(hide=[path]) == [(path, "the form requires this field")]


def test_what_another_field_asks_may_not_be_hidden() -> None:
    assert "asks chip" in conflicts(hide=["chip"])[0][1]
    assert conflicts(hide=["chip", "why"]) == []
    assert conflicts(hide=["gone"]) == [("gone", "the form has no such field any more")]


def test_hidden_fields_leave_sections_and_completeness() -> None:
    form = base(
        sections=[{"id": "s", "title": "S", "fields": ["photo", "species"]}],
        completeness=[
            {"id": "a", "label": "A", "fields": ["photo"]},
            {"id": "b", "label": "B", "fields": ["photo", "chip"]},
        ],
    )
    applied = apply_overlay(form, overlay(hide=["photo"]))
    assert applied.conflicts == ()
    assert applied.form.sections[0].fields == ("species",)
    assert [(item.id, item.fields) for item in applied.form.completeness] == [("b", ("chip",))]


def test_a_field_whose_kind_changed_since_is_a_conflict() -> None:
    newer = decode_form({"id": "t", "title": "", "fields": [{"type": "number", "key": "chip"}]})
    written = overlay(set={"chip": {"required": True}})
    assert [one.reason for one in apply_overlay(newer, written, base=base()).conflicts] == [
        "the field was text and is now number"
    ]
    assert apply_overlay(newer, written).conflicts == ()
