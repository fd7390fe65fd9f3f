"""A posted page back into answers: it works without JavaScript, and what cannot be read stays as it was typed."""

from typing import Any

import pytest

from core.forms.rules import decode_form, decode_post, evaluate
from core.forms.rules.posting import MAX_INDEX, MAX_NAMES
from core.hooks.records.forms import Form

FORM = decode_form(
    {
        "id": "t",
        "title": "",
        "fields": [
            {"type": "text", "key": "name"},
            {"type": "text", "key": "story", "multiline": True},
            {"type": "number", "key": "kg"},
            {"type": "rating", "key": "stars"},
            {"type": "date", "key": "day"},
            {"type": "bool", "key": "ill"},
            {"type": "choice", "key": "kind", "options": [["a", "A"]]},
            {"type": "multi", "key": "signs", "options": [["a", "A"], ["b", "B"]]},
            {"type": "file", "key": "photo"},
            {"type": "signature", "key": "sign"},
            {"type": "note", "key": "read"},
            {"type": "calc", "key": "sum", "op": "sum", "of": ["kg"]},
            {"type": "group", "key": "home", "fields": [{"type": "text", "key": "diet"}]},
            {
                "type": "group",
                "key": "past",
                "repeat": True,
                "fields": [
                    {"type": "text", "key": "disease"},
                    {"type": "bool", "key": "healed"},
                    {"type": "group", "key": "drugs", "repeat": True, "fields": [{"type": "text", "key": "drug"}]},
                ],
            },
        ],
    }
)
UNTICKED = {"ill": False}


def answers(*pairs: tuple[str, str], form: Form = FORM, files: Any = None) -> dict[str, Any]:
    return decode_post(form, pairs, files).answers


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        ((("name", "  张三 "),), {"name": "张三"}),
        ((("name", " "),), {}),
        ((("name", "a\r\nb"),), {"name": "a b"}),
        ((("name", "a"), ("name", "b")), {"name": "a"}),
        ((("story", " a\r\nb\rc "),), {"story": "a\nb\nc"}),
        ((("kg", "5"),), {"kg": 5}),
        ((("kg", "-5.50"),), {"kg": -5.5}),
        ((("kg", "１２．５"),), {"kg": 12.5}),
        ((("kg", "five"),), {"kg": "five"}),
        ((("kg", "1e5"),), {"kg": "1e5"}),
        ((("kg", "1" * 400),), {"kg": "1" * 400}),
        ((("kg", " "),), {}),
        ((("stars", "4"),), {"stars": 4}),
        ((("day", "2026/3/2"),), {"day": "2026/3/2"}),
        ((("kind", "a"),), {"kind": "a"}),
        ((("signs", "a"), ("signs", "b"), ("signs", "")), {"signs": ["a", "b"]}),
        ((("signs", ""),), {}),
        ((("sign", "data:image/png;base64,AA=="),), {"sign": {"image": "data:image/png;base64,AA=="}}),
        ((("sign", ""), ("sign__typed", " 张三 ")), {"sign": {"name": "张三"}}),
        ((("sign", "data:x"), ("sign__typed", "张三")), {"sign": {"image": "data:x"}}),
        ((("sign__typed", " "),), {}),
        ((("sum", "5"),), {}),
        ((("read", "5"),), {"read": "5"}),
        ((("home.diet", "rice"),), {"home": {"diet": "rice"}}),
        ((("home.other", "x"), ("zz", "1")), {"home.other": "x", "zz": "1"}),
    ],
)
def test_inputs_become_answers(pairs: tuple[tuple[str, str], ...], wanted: dict[str, Any]) -> None:
    assert answers(*pairs) == UNTICKED | wanted


def test_an_unticked_box_is_false_not_missing() -> None:
    assert answers() == {"ill": False}
    for ticked in ("true", "on"):
        assert answers(("ill", ticked)) == {"ill": True}
    assert answers(("ill", "false")) == {"ill": False}
    assert answers(("ill", "false"), ("ill", "true")) == {"ill": True}
    assert answers(("ill", "maybe")) == {"ill": "maybe"}


def test_a_box_that_was_not_shown_stays_missing() -> None:
    assert answers(("_bool", "other")) == {}
    assert answers(("_bool", "ill")) == {"ill": False}


def test_what_cannot_be_read_is_kept_for_the_page_and_never_stored() -> None:
    typed = answers(("kg", "five"), ("day", "2026/3/2"), ("stars", "many"))
    result = evaluate(FORM, typed, "2026-03-02")
    assert [(error.path, error.code) for error in result.errors] == [("kg", "type"), ("stars", "type"), ("day", "date")]
    assert result.data == UNTICKED
    assert {node.path: node.value for node in result.nodes if node.path in typed} == typed


def test_names_that_no_field_has_are_unknown_keys() -> None:
    typed = answers(("past[0].nobody", "x"), ("past[x].disease", "y"), ("past[0].disease", "z"))
    codes = [(error.path, error.code) for error in evaluate(FORM, typed, "2026-03-02").errors]
    assert codes == [("past[0].nobody", "unknown"), ("past[x].disease", "unknown")]


def test_files_come_back_by_their_token() -> None:
    record = {"token": "t1", "name": "a.jpg", "type": "image/jpeg", "size": 1}
    assert answers(("photo", "t1"), files={"t1": record}) == UNTICKED | {"photo": [record]}
    typed = answers(("photo", "stolen"), files={"t1": record})
    assert [error.code for error in evaluate(FORM, typed, "2026-03-02").errors] == ["type"]


def test_rows_come_in_order_and_blank_ones_are_dropped() -> None:
    assert answers(
        ("past[2].disease", "c"),
        ("past[0].disease", "a"),
        ("past[0].healed", "true"),
        ("past[1].disease", " "),
        ("past[0].drugs[1].drug", "d"),
        ("past[0].drugs[0].drug", ""),
        ("_bool", "past[2].healed"),
        ("_bool", "past[0].healed"),
    )["past"] == [{"disease": "a", "healed": True, "drugs": [{"drug": "d"}]}, {"disease": "c", "healed": False}]


def test_a_row_whose_boxes_alone_were_shown_is_blank() -> None:
    assert "past" not in answers(("_bool", "past[0].healed"))
    assert answers(("past[0].healed", "true"))["past"] == [{"healed": True}]


def test_rows_have_a_bounded_index() -> None:
    assert "past" not in answers((f"past[{MAX_INDEX}].disease", "x"))
    assert "past" not in answers((f"past[{'9' * 400}].disease", "x"))


def test_inputs_have_a_bounded_number() -> None:
    assert len(decode_post(FORM, [(f"n{number}", "x") for number in range(MAX_NAMES + 10)]).answers) == MAX_NAMES + 1


def test_a_button_adds_a_row_and_keeps_the_blank_ones() -> None:
    posted = decode_post(FORM, [("past[0].disease", ""), ("_bool", "past[0].healed"), ("_add", "past")])
    assert (posted.step, posted.at) == ("add", "past")
    assert posted.answers["past"] == [{"healed": False}, {}]
    assert decode_post(FORM, [("_add", "past")]).answers["past"] == [{}]


def test_a_row_is_added_inside_a_row() -> None:
    posted = decode_post(FORM, [("past[0].disease", "x"), ("_bool", "none"), ("_add", "past[0].drugs")])
    assert posted.answers["past"] == [{"disease": "x", "drugs": [{}]}]


def test_a_row_is_added_inside_a_group_that_does_not_repeat() -> None:
    rows = {"type": "group", "key": "rows", "repeat": True, "fields": [{"type": "text", "key": "a"}]}
    form = decode_form({"id": "t", "title": "", "fields": [{"type": "group", "key": "g", "fields": [rows]}]})
    assert decode_post(form, [("_add", "g.rows")]).answers == {"g": {"rows": [{}]}}


@pytest.mark.parametrize(
    "at",
    ["", "name", "home", "nobody", "past[0]", "past[7].drugs", "home[0].x", "past.", "past[0].drugs[0]", "home.diet"],
)
def test_an_add_button_of_nothing_changes_nothing(at: str) -> None:
    posted = decode_post(FORM, [("past[0].disease", "x"), ("_add", at), ("_bool", "none")])
    assert posted.answers == {"past": [{"disease": "x"}]} | ({"home": {}} if at == "home.diet" else {})


def test_rows_are_added_up_to_a_bound() -> None:
    pairs = [(f"past[{index}].disease", "x") for index in range(MAX_INDEX)]
    assert len(decode_post(FORM, [*pairs, ("_add", "past")]).answers["past"]) == MAX_INDEX


def test_a_button_removes_the_row_it_names() -> None:
    pairs = [("past[0].disease", "a"), ("past[1].disease", ""), ("past[2].disease", "c"), ("_bool", "none")]
    posted = decode_post(FORM, [*pairs, ("_remove", "past[1]")])
    assert (posted.step, posted.at) == ("remove", "past[1]")
    assert posted.answers["past"] == [{"disease": "a"}, {"disease": "c"}]
    for nothing in ("past[9]", "past", "name[0]", ""):
        assert len(decode_post(FORM, [*pairs, ("_remove", nothing)]).answers["past"]) == 3


def test_the_other_buttons_and_tokens_are_handed_on() -> None:
    assert decode_post(FORM, [("_once", "k"), ("_csrf", "c")]).system == {"_once": "k", "_csrf": "c"}
    assert decode_post(FORM, [("_save", "1")]).step == "save"
    assert decode_post(FORM, []).step == "submit"
