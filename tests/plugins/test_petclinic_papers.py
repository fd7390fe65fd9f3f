"""The clinic's papers: each risk with its countermeasure in both languages, the full check for the old and the young, three questions."""

from typing import Any

import pytest

from core.forms.rules import evaluate, refuse_bad_form
from core.hooks.records.forms import BoolField, FileField, Form, RatingField
from plugins.petclinic.forms import consent, intake, preop, survey
from plugins.petclinic.forms.parts import STRATEGY

TODAY = "2026-03-02"
PREOP: dict[str, Any] = {
    "pet_name": "年糕",
    "species": "cat",
    "weight_kg": 4.2,
    "temperature": 38.5,
    "heart_rate": 160,
    "fasting_hours": 8,
    "blood_count": "normal",
    "asa": "1",
    "fit": "yes",
    "signature": {"name": "周医生"},
}


def codes(form: Form, answers: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.path, one.code) for one in evaluate(form, answers, TODAY).errors]


@pytest.mark.parametrize("form", [intake.FORM, consent.FORM, preop.FORM, survey.FORM], ids=lambda form: form.id)
def test_every_paper_is_sound_and_every_field_stands_in_a_section(form: Form) -> None:
    refuse_bad_form(form)
    if form.sections:
        assert {key for section in form.sections for key in section.fields} == {field.key for field in form.fields}


def test_the_consent_names_risks_with_countermeasures_in_both_languages() -> None:
    risks = [field for field in consent.FORM.fields if isinstance(field, BoolField)]
    assert len(risks) == 6
    for field in risks:
        for words in (field.risk, field.countermeasure, field.label):
            assert isinstance(words, dict)
            assert set(words) == {"zh-CN", "en"}
            assert all(words.values())
    assert f"{STRATEGY} §3.5.1" == consent.SOURCE


@pytest.mark.parametrize("age", [7, 12.5, 0, 0.4])
def test_old_and_young_pets_need_blood_pressure_and_ecg(age: float) -> None:
    assert codes(preop.FORM, PREOP | {"age_years": age}) == [("blood_pressure", "required"), ("ecg", "required")]
    full = {"age_years": age, "blood_pressure": 140, "ecg": "normal"}
    assert codes(preop.FORM, PREOP | full) == []
    assert codes(preop.FORM, PREOP | full | {"ecg": "abnormal"}) == [("ecg_finding", "required")]


@pytest.mark.parametrize("age", [0.5, 3, 6.9])
def test_a_grown_pet_needs_the_basic_check_only(age: float) -> None:
    result = evaluate(preop.FORM, PREOP | {"age_years": age, "ecg": "abnormal"}, TODAY)
    assert result.ok
    assert "ecg" not in result.data


def test_the_survey_has_the_three_measures_on_their_scales() -> None:
    scales = {field.key: (field.min, field.max) for field in survey.FORM.fields if isinstance(field, RatingField)}
    assert scales == {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
    assert survey.FORM.purpose == "survey"
    assert codes(survey.FORM, {"csat": 5}) == []


def test_the_intake_may_bring_three_photos() -> None:
    (photos,) = [field for field in intake.FORM.fields if isinstance(field, FileField)]
    assert (photos.key, photos.max_rows, photos.required) == ("photos", 3, False)
