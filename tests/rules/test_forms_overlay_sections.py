"""An overlay and the steps of a form, texts before a signature, plugins that are away, and kinds that changed."""

from typing import Any

import msgspec
import pytest

from core.forms.rules import Overlay, apply_overlay, decode_form, may_hide, without_fields, without_keys
from core.hooks.records.forms import Form

FIELDS: list[dict[str, Any]] = [
    {"type": "choice", "key": "species", "required": True, "options": [["dog", "犬"], ["cat", "猫"]]},
    {"type": "text", "key": "chip"},
    {"type": "number", "key": "weight_kg"},
    {"type": "text", "key": "why", "visible_when": {"field": "chip", "op": "empty"}},
    {"type": "group", "key": "home", "fields": [{"type": "text", "key": "diet"}, {"type": "text", "key": "walks"}]},
    {"type": "note", "key": "risks", "text": "!"},
    {"type": "text", "key": "free"},
]
SECTIONS = [
    {"id": "pet", "title": "Pet", "fields": ["species", "chip", "weight_kg"]},
    {"id": "more", "title": "More", "fields": ["why", "home", "risks"]},
]


def base(**more: Any) -> Form:
    return decode_form({"id": "t.f", "title": "", "fields": FIELDS, "sections": SECTIONS, **more})


def overlay(**wire: Any) -> Overlay:
    return msgspec.convert(wire, Overlay)


def sections(form: Form) -> dict[str, list[str]]:
    return {section.id: list(section.fields) for section in form.sections}


def codes(form: Form | None = None, *, old: Form | None = None, **wire: Any) -> list[tuple[str, str]]:
    found = apply_overlay(form or base(), overlay(**wire), base=old).conflicts
    return [(one.field, one.code) for one in found]


def own(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "key": key, **more}


def test_an_own_field_stands_in_the_section_of_the_field_before_it() -> None:
    applied = apply_overlay(base(), overlay(add=[{"after": "chip", "field": own("x_a")}, {"field": own("x_b")}]))
    assert applied.conflicts == ()
    assert sections(applied.form)["pet"] == ["species", "chip", "x_a", "weight_kg"]
    assert all("x_b" not in keys for keys in sections(applied.form).values())


def test_an_order_is_also_the_order_inside_the_sections() -> None:
    applied = apply_overlay(base(), overlay(order=["weight_kg", "species"]))
    assert sections(applied.form)["pet"] == ["weight_kg", "species", "chip"]


def test_a_dotted_name_orders_inside_its_group() -> None:
    applied = apply_overlay(base(), overlay(order=["home.walks"]))
    assert applied.conflicts == ()
    assert [field.key for field in applied.form.fields[4].fields] == ["walks", "diet"]  # type: ignore[union-attr] # it is the group
    assert codes(order=["home.gone"]) == [("home.gone", "gone")]


def test_a_field_may_stand_in_another_section() -> None:
    applied = apply_overlay(base(), overlay(place={"weight_kg": "more", "free": "pet"}))
    assert applied.conflicts == ()
    assert sections(applied.form) == {"pet": ["species", "chip", "free"], "more": ["weight_kg", "why", "home", "risks"]}
    assert codes(place={"gone": "pet", "chip": "nowhere"}) == [("gone", "gone"), ("chip", "section-gone")]


def test_what_is_hidden_keeps_its_place() -> None:
    applied = apply_overlay(base(), overlay(order=["free", "weight_kg"], place={"free": "pet"}, hide=["free"]))
    assert applied.conflicts == ()
    assert sections(applied.form)["pet"] == ["weight_kg", "species", "chip"]
    assert codes(place={"home.diet": "pet"}) == [("home.diet", "gone")]


def test_a_section_of_nothing_goes_away() -> None:
    applied = apply_overlay(base(), overlay(hide=["why", "home", "risks"]))
    assert list(sections(applied.form)) == ["pet"]


def test_what_is_read_before_a_signature_may_not_be_hidden() -> None:
    consent = base(purpose="consent")
    assert codes(consent, hide=["risks"]) == [("risks", "consent-text")]
    assert codes(hide=["risks"]) == []
    assert not may_hide(consent, "risks")
    assert may_hide(base(), "risks")
    assert not may_hide(base(), "species")


def test_an_own_field_that_asks_a_field_of_another_kind_now_is_a_conflict() -> None:
    newer = [{"type": "number", "key": "chip"} if one["key"] == "chip" else one for one in FIELDS]
    mine = {"after": "chip", "field": own("x_a", visible_when={"field": "chip", "op": "eq", "value": "1"})}
    assert codes(base(fields=newer), old=base(), add=[mine]) == [("x_a", "asks-retyped")]
    assert codes(base(), old=base(), add=[mine]) == []


def test_what_is_said_of_a_plugin_that_is_away_waits() -> None:
    asks_chip = own("x_a", visible_when={"field": "chip", "op": "not_empty"})
    written = overlay(
        set={"chip": {"required": True}, "species": {"label": "S"}},
        add=[
            {"after": "species", "field": asks_chip},
            {"after": "x_a", "field": own("x_b")},
            {"after": "chip", "field": own("x_c")},
        ],
        order=["chip", "species"],
        hide=["chip"],
        place={"chip": "more", "free": "pet"},
    )
    left = without_keys(written, {"chip"})
    assert left.set == {"species": {"label": "S"}}
    assert [(one.field.key, one.after) for one in left.add] == [("x_b", None), ("x_c", None)]
    assert (left.order, left.hide, left.place) == (("species",), (), {"free": "pet"})
    assert without_keys(written, set()) == written


def test_fields_are_taken_out_with_all_that_asks_them() -> None:
    flag = {"id": "f", "title": "", "reason": "", "when": {"field": "chip", "op": "not_empty"}}
    calc = [
        *FIELDS,
        {"type": "number", "key": "b"},
        {"type": "calc", "key": "sum", "op": "sum", "of": ["weight_kg", "b"]},
        {
            "type": "group",
            "key": "g",
            "fields": [own("d", visible_when={"field": "weight_kg", "op": "gt", "value": 1})],
        },
    ]
    left = without_fields(base(fields=calc, flags=[flag]), {"chip", "weight_kg"})
    assert [field.key for field in left.fields] == ["species", "home", "risks", "free", "b"]
    assert left.flags == ()
    assert sections(left) == {"pet": ["species"], "more": ["home", "risks"]}


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        ({"set": {"gone": {}}}, "gone"),
        ({"set": {"chip": {"key": "x"}}}, "not-yours"),
        ({"set": {"chip": {"required": "yes"}}}, "bad-value"),
        ({"set": {"species": {"required": False}}}, "loosened"),
        ({"add": [{"field": {"type": "text", "key": "a"}}]}, "own-key"),
        ({"add": [{"field": {"type": "text", "key": "x_a"}, "after": "gone"}]}, "anchor-gone"),
        ({"add": [{"field": {"type": "text", "key": "x_a"}}, {"field": {"type": "text", "key": "x_a"}}]}, "key-twice"),
        ({"hide": ["species"]}, "required"),
        ({"hide": ["chip"]}, "condition"),
        ({"set": {"weight_kg": {"min": 5, "max": 1}}}, "limits"),
    ],
)
def test_each_refusal_has_a_code_for_its_sentence(wire: dict[str, Any], code: str) -> None:
    assert code in [found for _, found in codes(**wire)]
