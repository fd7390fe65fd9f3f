"""Every step of the builder: move, change, add, remove, hide; and what differs afterwards, line by line."""

from typing import Any

import msgspec
import pytest

from core.forms.rules import Difference, Overlay, apply_overlay, compare_forms, decode_form
from core.forms.rules.designing import (
    NoSuchPlace,
    added,
    changed,
    forgotten,
    free_key,
    hidden,
    moved,
    removed,
    shifted,
    shown_order,
    unhidden,
)
from core.hooks.records.forms import Field, Form, TextField
from tests.rules.test_forms_overlay_sections import base, overlay

EMPTY = Overlay()


def shown(over: Overlay, form: Form | None = None) -> dict[str, tuple[str, ...]]:
    applied = apply_overlay(form or base(), over)
    assert applied.conflicts == ()
    return dict(shown_order(applied.form))


def text(key: str, **more: Any) -> Field:
    return TextField(key=key, **more)


def test_a_step_up_and_a_step_down_are_nothing() -> None:
    down = shifted(base(), EMPTY, "species", 1)
    assert shown(down)["pet"] == ("chip", "species", "weight_kg")
    assert down.order == ("chip", "species")
    assert shifted(base(), down, "species", -1) == EMPTY


def test_at_the_edge_of_its_section_a_field_stays() -> None:
    assert shifted(base(), EMPTY, "species", -1) == EMPTY
    assert shifted(base(), EMPTY, "weight_kg", 1) == EMPTY
    assert shifted(base(), EMPTY, "home.diet", -1) == EMPTY


def test_a_field_is_put_before_another_or_last_in_a_section() -> None:
    assert shown(moved(base(), EMPTY, "weight_kg", before="species"))["pet"] == ("weight_kg", "species", "chip")
    across = moved(base(), EMPTY, "weight_kg", before="home")
    assert shown(across)["more"] == ("why", "weight_kg", "home", "risks")
    last = moved(base(), EMPTY, "species", section="more")
    assert shown(last)["more"] == ("why", "home", "risks", "species")
    assert shown(last)["pet"] == ("chip", "weight_kg")
    assert moved(base(), EMPTY, "species", before="species") == EMPTY
    assert shown(moved(base(), EMPTY, "species"))["pet"] == ("chip", "weight_kg", "species")


def test_members_of_a_group_move_among_themselves() -> None:
    down = shifted(base(), EMPTY, "home.diet", 1)
    assert down.order == ("home.walks", "home.diet")
    both = shifted(base(), down, "species", 1)
    assert both.order == ("home.walks", "home.diet", "chip", "species")
    assert shifted(base(), both, "home.diet", -1).order == ("chip", "species")


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("gone", {}),
        ("gone.inside", {}),
        ("species", {"before": "home.diet"}),
        ("species", {"section": "nowhere"}),
        ("species", {"section": ""}),
        ("species", {"before": "free"}),
    ],
)
def test_there_is_no_such_place(path: str, where: dict[str, str]) -> None:
    with pytest.raises(NoSuchPlace):
        moved(base(), EMPTY, path, **where)


def test_a_form_without_sections_is_one_place() -> None:
    plain = base(sections=[])
    down = shifted(plain, EMPTY, "species", 1)
    assert shown(down, plain)[""][:2] == ("chip", "species")


def test_a_change_that_equals_the_plugins_is_none() -> None:
    once = changed(base(), EMPTY, "chip", {"required": True, "label": "C"})
    assert once.set == {"chip": {"required": True, "label": "C"}}
    assert changed(base(), once, "chip", {"required": False, "label": ""}) == EMPTY
    with pytest.raises(NoSuchPlace):
        changed(base(), EMPTY, "gone", {})


def test_an_own_field_is_changed_in_place() -> None:
    mine = added(EMPTY, text("x_a"), "home.diet")
    better = changed(base(), mine, "home.x_a", {"label": "A", "required": True})
    assert [(one.field.label, one.field.required, one.after) for one in better.add] == [("A", True, "home.diet")]
    assert better.set == {}
    two = added(mine, text("x_b"), None)
    assert [one.field.label for one in changed(base(), two, "x_b", {"label": "B"}).add] == ["", "B"]


def test_keys_of_own_fields_are_free() -> None:
    assert free_key(EMPTY, "chip") == "x_chip"
    one = added(EMPTY, text("x_chip"), None)
    assert free_key(one, "chip") == "x_chip_2"
    assert free_key(added(one, text("x_chip_2"), None), "chip") == "x_chip_3"


def test_an_own_field_goes_and_what_stood_behind_it_moves_up() -> None:
    both = added(added(EMPTY, text("x_a"), "chip"), text("x_b"), "x_a")
    left = removed(msgspec.structs.replace(both, order=("x_a", "x_b")), "x_a")
    assert [(one.field.key, one.after) for one in left.add] == [("x_b", "chip")]
    assert left.order == ("x_b",)
    with pytest.raises(NoSuchPlace):
        removed(left, "x_a")


def test_hiding_is_taken_back() -> None:
    once = hidden(base(), hidden(base(), EMPTY, "chip"), "chip")
    assert once.hide == ("chip",)
    assert unhidden(once, "chip") == EMPTY
    with pytest.raises(NoSuchPlace):
        hidden(base(), EMPTY, "gone")


def test_a_change_is_dropped_with_all_that_is_said_of_the_field() -> None:
    written = overlay(
        set={"home": {"label": "H"}, "home.diet": {"label": "D"}, "chip": {"label": "C"}},
        add=[{"after": "home.diet", "field": {"type": "text", "key": "x_a"}}],
        order=["home", "chip"],
        hide=["home.walks"],
        place={"home": "pet"},
    )
    assert forgotten(written, "home") == overlay(set={"chip": {"label": "C"}}, order=["chip"])
    assert forgotten(written, "x_a").add == ()


def lines(over: Overlay) -> list[tuple[str, str, str]]:
    return [(one.what, one.path, one.member) for one in compare_forms(base(), apply_overlay(base(), over).form)]


def test_a_difference_is_one_line() -> None:
    assert lines(EMPTY) == []
    assert lines(moved(base(), EMPTY, "weight_kg", before="species")) == [("moved", "weight_kg", "")]
    assert lines(moved(base(), EMPTY, "species", section="more")) == [("moved", "species", "")]
    assert lines(shifted(base(), EMPTY, "home.diet", 1))[0][0] == "moved"
    assert lines(hidden(base(), EMPTY, "home")) == [("gone", "home", "")]
    assert lines(added(EMPTY, text("x_a"), "home.diet")) == [("added", "home.x_a", "")]


def test_a_changed_member_shows_before_and_after() -> None:
    over = changed(base(), EMPTY, "weight_kg", {"required": True, "max": 80})
    found = compare_forms(base(), apply_overlay(base(), over).form)
    assert found == (
        Difference("changed", "weight_kg", "", "required", None, True),
        Difference("changed", "weight_kg", "", "max", None, 80),
    )


def test_a_new_group_is_one_line_and_so_is_one_that_is_gone() -> None:
    group = {"type": "group", "key": "x_g", "fields": [{"type": "text", "key": "a"}]}
    with_group = decode_form({"id": "t.f", "title": "", "fields": [{"type": "text", "key": "a"}, group]})
    without = decode_form({"id": "t.f", "title": "", "fields": [{"type": "text", "key": "a"}]})
    assert [(one.what, one.path) for one in compare_forms(without, with_group)] == [("added", "x_g")]
    assert [(one.what, one.path) for one in compare_forms(with_group, without)] == [("gone", "x_g")]
    assert compare_forms(decode_form({"id": "a", "title": "", "fields": []}), without)[0].what == "added"
