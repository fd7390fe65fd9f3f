"""What a submission says: completeness of the marked items, flags, the profile, and drafts of older versions."""

from typing import Any

from core.forms.rules import (
    Leftover,
    carry_over,
    completeness,
    decode_form,
    evaluate,
    flags,
    hash_of_key,
    prefill,
    profile_fields,
    profile_values,
)

TODAY = "2026-03-02"
FORM = decode_form(
    {
        "id": "t",
        "title": "",
        "fields": [
            {"type": "text", "key": "complaint", "label": "主诉"},
            {"type": "bool", "key": "ill"},
            {
                "type": "group",
                "key": "past",
                "repeat": True,
                "visible_when": {"field": "ill", "op": "eq", "value": True},
                "fields": [{"type": "text", "key": "disease"}],
            },
            {"type": "group", "key": "home", "fields": [{"type": "text", "key": "diet", "profile": "subject.diet"}]},
            {"type": "choice", "key": "species", "options": [["dog", "犬"]], "profile": "subject.species"},
            {"type": "number", "key": "kg", "profile": "subject.weight_kg"},
            {"type": "bool", "key": "neutered", "profile": "subject.neutered"},
            {"type": "multi", "key": "tags", "options": [["a", "A"], ["b", "B"]], "profile": "customer.tags"},
            {"type": "date", "key": "born", "profile": "subject.birth_date"},
        ],
        "completeness": [
            {"id": "complaint", "label": {"zh-CN": "主诉", "en": "Complaint"}, "fields": ["complaint"]},
            {"id": "past", "label": "Past", "fields": ["ill"]},
            {"id": "drugs", "label": "Drugs", "fields": ["past.disease", "past"]},
            {"id": "diet", "label": "Diet", "fields": ["home.diet"]},
        ],
        "flags": [
            {
                "id": "sick",
                "title": "Sick",
                "reason": "R",
                "source": "S",
                "when": {
                    "all": [
                        {"field": "ill", "op": "eq", "value": True},
                        {"field": "born", "op": "lt", "value": "today"},
                    ]
                },
            },
            {
                "id": "diet",
                "title": "Diet",
                "reason": "R",
                "tone": "info",
                "when": {"field": "diet", "op": "not_empty"},
            },
        ],
    }
)


def state(answers: dict[str, Any]) -> tuple[int, int, list[str]]:
    found = completeness(FORM, evaluate(FORM, answers, TODAY))
    return found.answered, found.total, [item.id for item in found.missing]


def test_completeness_counts_what_is_answered_and_names_what_is_missing() -> None:
    assert state({}) == (0, 3, ["complaint", "past", "diet"])
    assert state({"complaint": "x", "home": {"diet": "rice"}}) == (2, 3, ["past"])


def test_no_is_an_answer_and_what_is_hidden_does_not_count() -> None:
    assert state({"complaint": "x", "ill": False, "home": {"diet": "rice"}}) == (3, 3, [])
    assert state({"ill": True}) == (1, 4, ["complaint", "drugs", "diet"])
    assert state({"ill": True, "past": [{"disease": "x"}]})[0] == 2


def test_flags_are_raised_with_reason_and_source() -> None:
    result = evaluate(FORM, {"ill": True, "born": "2026-03-01", "home": {"diet": "rice"}}, TODAY)
    assert [(flag.id, flag.tone, flag.reason, flag.source) for flag in flags(FORM, result, TODAY)] == [
        ("sick", "danger", "R", "S"),
        ("diet", "info", "R", ""),
    ]
    assert flags(FORM, evaluate(FORM, {"born": "2026-03-01"}, TODAY), TODAY) == ()


def test_known_answers_are_filled_in_by_the_profile_map() -> None:
    known = {"subject.species": "dog", "subject.diet": "rice", "subject.weight_kg": 5, "customer.name": "x"}
    assert prefill(FORM, known) == {"species": "dog", "home": {"diet": "rice"}, "kg": 5}
    assert prefill(FORM, {}) == {}


def test_known_answers_come_back_in_the_kind_of_their_field() -> None:
    stored = {"subject.weight_kg": "5.2", "subject.neutered": 1, "customer.tags": '["a","b"]'}
    known = prefill(FORM, stored)
    assert known == {"kg": 5.2, "neutered": True, "tags": ["a", "b"]}
    assert known["neutered"] is True
    odd = {"subject.weight_kg": "heavy", "subject.neutered": "?", "customer.tags": "[", "subject.species": "cow"}
    assert prefill(FORM, odd) == {}


def test_stored_answers_fill_the_profile() -> None:
    data = {"species": "dog", "kg": 0, "home": {"diet": "rice"}, "complaint": "x", "past": [{"disease": "y"}]}
    assert profile_values(FORM, data) == {"subject.species": "dog", "subject.weight_kg": 0, "subject.diet": "rice"}
    assert profile_values(FORM, {}) == {}
    assert profile_fields(FORM)["subject.diet"] == "home.diet"


def test_a_drafts_key_is_kept_as_its_hash() -> None:
    assert hash_of_key("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def test_an_older_draft_is_carried_over_field_by_field() -> None:
    new = decode_form(
        {
            "id": "t",
            "title": "",
            "fields": [
                {"type": "number", "key": "complaint"},
                {"type": "choice", "key": "species", "options": [["cat", "猫"]]},
                {"type": "number", "key": "kg", "min": 1},
                {
                    "type": "group",
                    "key": "past",
                    "repeat": True,
                    "fields": [{"type": "text", "key": "disease"}, {"type": "text", "key": "more", "required": True}],
                },
            ],
        }
    )
    answers = {"complaint": "x", "species": "dog", "kg": 5, "ill": True, "past": [{"disease": "y"}], "born": ""}
    carried = carry_over(FORM, new, answers, TODAY)
    assert carried.answers == {"kg": 5, "past": [{"disease": "y"}]}
    assert carried.leftovers == (
        Leftover("complaint", "主诉", "x"),
        Leftover("ill", "", True),
        Leftover("species", "", "dog"),
    )
