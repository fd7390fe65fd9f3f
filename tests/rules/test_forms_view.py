"""A form as a page walks it: localized, filled, with its errors and the conditions that the browser toggles by."""

import json
from typing import Any

from core.errors import FieldProblem
from core.forms.rules import FieldView, FormView, decode_form, dom_id, form_view

TODAY = "2026-03-02"


def both(zh: str, en: str) -> dict[str, str]:
    return {"zh-CN": zh, "en": en}


FIELDS: list[dict[str, Any]] = [
    {
        "type": "choice",
        "key": "species",
        "label": both("宠物类型", "Kind of pet"),
        "help": both("选一个", "Pick one"),
        "required": True,
        "options": [["dog", both("犬", "Dog")], ["exotic", both("异宠", "Exotic")]],
    },
    {
        "type": "text",
        "key": "kind",
        "label": "Kind",
        "max_length": 40,
        "multiline": True,
        "visible_when": {"field": "species", "op": "eq", "value": "exotic"},
    },
    {
        "type": "number",
        "key": "kg",
        "label": "Weight",
        "unit": both("公斤", "kg"),
        "min": 0.01,
        "max": 120,
        "decimals": 2,
    },
    {"type": "number", "key": "n", "label": "N"},
    {"type": "multi", "key": "signs", "label": "Signs", "options": [["a", "A"], ["b", "B"]]},
    {"type": "date", "key": "born", "label": "Born", "min": "2000-01-01", "max": "today"},
    {"type": "rating", "key": "stars", "label": "Stars"},
    {"type": "bool", "key": "ill", "label": "Ill", "required": True},
    {"type": "file", "key": "photo", "label": "Photo", "max_rows": 2},
    {"type": "signature", "key": "sign", "label": "Signature", "text": both("已知悉", "I know")},
    {"type": "note", "key": "read", "label": "Read", "text": "N", "tone": "warning"},
    {"type": "calc", "key": "sum", "label": "Sum", "op": "sum", "of": ["kg"], "unit": "kg"},
    {"type": "group", "key": "home", "label": "Home", "fields": [{"type": "text", "key": "diet", "label": "Diet"}]},
    {
        "type": "group",
        "key": "past",
        "label": "Past",
        "repeat": True,
        "max_rows": 2,
        "min_rows": 1,
        "fields": [
            {"type": "text", "key": "disease", "label": "Disease"},
            {
                "type": "date",
                "key": "since",
                "label": "Since",
                "visible_when": {"field": "disease", "op": "not_empty"},
            },
        ],
    },
]
FORM = decode_form({"id": "t.form", "title": both("登记", "Intake"), "intro": "Hello", "fields": FIELDS})


def view(answers: dict[str, Any], *errors: FieldProblem, locale: str = "en", **more: Any) -> FormView:
    return form_view(FORM, answers, errors, locale, TODAY, **more)


def fields(shown: FormView) -> dict[str, FieldView]:
    return {field.name: field for section in shown.sections for field in section.fields}


def test_words_are_in_the_readers_language() -> None:
    zh, en = view({}, locale="zh_CN"), view({})
    assert (zh.title, en.title, en.intro, en.purpose) == ("登记", "Intake", "Hello", "intake")
    assert fields(zh)["species"].label == "宠物类型"
    assert [option.label for option in fields(en)["species"].options] == ["Dog", "Exotic"]
    assert fields(zh)["sign"].text == "已知悉"
    assert fields(en)["kg"].unit == "kg"
    assert fields(en)["species"].help == "Pick one"


def test_limits_are_ready_for_the_input() -> None:
    shown = fields(view({}))
    assert (shown["kg"].min, shown["kg"].max, shown["kg"].step) == ("0.01", "120", "0.01")
    assert (shown["n"].min, shown["n"].max, shown["n"].step) == ("", "", "any")
    assert (shown["born"].min, shown["born"].max) == ("2000-01-01", TODAY)
    assert (shown["stars"].min, shown["stars"].max, shown["stars"].step) == ("1", "5", "1")
    assert (shown["kind"].max_length, shown["kind"].multiline) == (40, True)
    assert (shown["photo"].accept, shown["photo"].many) == ("image/jpeg,image/png,image/webp", True)
    assert (shown["read"].text, shown["read"].tone) == ("N", "warning")
    assert (shown["sum"].kind, shown["sum"].unit) == ("calc", "kg")


def test_a_hidden_field_is_there_with_its_condition() -> None:
    hidden = fields(view({"species": "dog", "kind": "typed before"}))["kind"]
    assert (hidden.visible, hidden.value) == (False, "typed before")
    assert json.loads(hidden.condition or "") == {"field": "species", "op": "eq", "value": "exotic"}
    assert fields(view({"species": "exotic"}))["kind"].visible
    assert fields(view({}))["species"].condition is None


def test_what_was_typed_is_shown_again_as_it_was() -> None:
    shown = fields(view({"kg": "five", "signs": ["b"], "species": "dog", "born": "2026/1/1"}))
    assert shown["kg"].value == "five"
    assert [option.checked for option in shown["signs"].options] == [False, True]
    assert [option.checked for option in shown["species"].options] == [True, False]
    assert shown["born"].value == "2026/1/1"


def test_a_rating_offers_its_steps_and_a_box_is_never_required() -> None:
    shown = fields(view({"stars": 4}))
    assert [(option.value, option.checked) for option in shown["stars"].options] == [
        *(("1", False), ("2", False), ("3", False), ("4", True), ("5", False)),
    ]
    assert (shown["ill"].required, shown["species"].required) == (False, True)


def test_errors_stand_at_their_field_and_in_the_summary() -> None:
    problems = (
        FieldProblem("kg", "max", {"max": 120}),
        FieldProblem("past[0].disease", "required"),
        FieldProblem("zz", "unknown"),
        FieldProblem("kg", "type"),
    )
    shown = view({"past": [{}]}, *problems)
    assert fields(shown)["kg"].errors == (problems[0], problems[3])
    assert fields(shown)["past"].rows[0].fields[0].errors == (problems[1],)
    assert [(line.field_id, line.label, line.problem.code) for line in shown.errors] == [
        ("f-kg", "Weight", "max"),
        ("f-past-0-disease", "Disease", "required"),
        ("", "", "unknown"),
        ("f-kg", "Weight", "type"),
    ]


def test_rows_have_names_ids_and_conditions_of_their_own() -> None:
    past = fields(view({"past": [{"disease": "x"}, {}]}))["past"]
    assert (past.repeat, past.can_add, [row.name for row in past.rows]) == (True, False, ["past[0]", "past[1]"])
    since = past.rows[1].fields[1]
    assert (since.name, since.id, since.visible) == ("past[1].since", "f-past-1-since", False)
    assert json.loads(since.condition or "") == {"field": "past[1].disease", "op": "not_empty"}
    assert past.rows[0].fields[1].visible


def test_a_group_that_must_have_rows_shows_a_blank_one() -> None:
    past = fields(view({}))["past"]
    assert (len(past.rows), past.can_add) == (1, True)
    optional = decode_form({"id": "t", "title": "", "fields": [{**FIELDS[-1], "min_rows": None, "required": True}]})
    assert len(form_view(optional, {}, (), "en", TODAY).sections[0].fields[0].rows) == 1
    optional = decode_form({"id": "t", "title": "", "fields": [{**FIELDS[-1], "min_rows": None}]})
    assert form_view(optional, {}, (), "en", TODAY).sections[0].fields[0].rows == ()


def test_a_group_that_does_not_repeat_holds_its_fields() -> None:
    home = fields(view({"home": {"diet": "rice"}}))["home"]
    assert [(field.name, field.value) for field in home.fields] == [("home.diet", "rice")]


def test_answers_are_readable() -> None:
    shown = fields(
        view(
            {
                "species": "dog",
                "signs": ["a", "b"],
                "kg": 5.0,
                "n": 5.25,
                "ill": True,
                "photo": [{"token": "t", "name": "a.jpg", "type": "image/png", "size": 1}, "odd"],
                "sign": {"name": "张三"},
                "stars": 4,
                "past": [{}],
            }
        )
    )
    assert {name: field.display for name, field in shown.items()} == {
        "species": "Dog",
        "signs": "A、B",
        "kg": "5 kg",
        "n": "5.25",
        "ill": "",
        "photo": "a.jpg、odd",
        "sign": "张三",
        "stars": "4",
        "past": "",
        "sum": "5 kg",
        "kind": "",
        "born": "",
        "read": "",
        "home": "",
    }
    assert fields(view({"sign": {"image": "data:image/png;base64,AA=="}}))["sign"].display == ""


def test_known_answers_are_marked_as_not_asked_again() -> None:
    shown = fields(view({"species": "dog"}, known=frozenset({"species"})))
    assert (shown["species"].known, shown["kg"].known) == (True, False)


def test_sections_come_in_their_order_and_the_rest_last() -> None:
    sections = [
        {"id": "two", "title": both("二", "Two"), "help": "H", "fields": ["kg", "hidden_by_tenant"]},
        {"id": "one", "title": "One", "fields": ["species"]},
    ]
    form = decode_form({"id": "t", "title": "", "fields": FIELDS[:4], "sections": sections})
    shown = form_view(form, {}, (), "zh-CN", TODAY)
    assert [(one.id, one.title, one.help, [f.name for f in one.fields]) for one in shown.sections] == [
        ("two", "二", "H", ["kg"]),
        ("one", "One", "", ["species"]),
        ("rest", "", "", ["kind", "n"]),
    ]
    whole = decode_form(
        {"id": "t", "title": "", "fields": FIELDS[:1], "sections": [{"id": "a", "title": "", "fields": ["species"]}]}
    )
    assert [one.id for one in form_view(whole, {}, (), "en", TODAY).sections] == ["a"]
    assert [one.id for one in view({}).sections] == ["all"]


def test_ids_are_those_of_the_pages_macros() -> None:
    assert [dom_id(path) for path in ("a_b", "past[0].disease", "g.a", "g[1].h[2].i")] == [
        *("f-a_b", "f-past-0-disease", "f-g-a", "f-g-1-h-2-i"),
    ]
