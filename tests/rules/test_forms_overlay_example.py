"""The overlay of the specification applies to the form of the specification, to the letter."""

import json
from pathlib import Path

import msgspec
import pytest

from core.forms.rules import Overlay, apply_overlay, decode_form, version_of

DATA = json.loads((Path(__file__).parent / "data" / "overlay_example.json").read_text(encoding="utf-8"))


def test_the_overlay_applies_whatever_version_it_names_as_its_base() -> None:
    # The digest of the form as it is printed is c34346b2a3262a87; b63dd946fce1e2f2 is no spelling of it that we know.
    assert version_of(decode_form(DATA["form"])) == "c34346b2a3262a87"
    overlay = msgspec.convert(DATA["overlay"], Overlay)
    assert overlay.base == "b63dd946fce1e2f2"
    assert apply_overlay(decode_form(DATA["form"]), overlay, base=decode_form(DATA["form"])).conflicts == ()


def test_the_overlay_adds_the_chip_behind_a_weight_that_is_now_required() -> None:
    overlay = msgspec.convert(DATA["overlay"], Overlay)
    applied = apply_overlay(decode_form(DATA["form"]), overlay)
    assert applied.conflicts == ()
    assert [field.key for field in applied.form.fields] == [
        *("species", "exotic_kind", "weight_kg", "x_chip", "had_illness", "past", "signature")
    ]
    assert [field.key for field in applied.form.fields if field.required] == [
        *("species", "exotic_kind", "weight_kg", "signature")
    ]


def test_what_is_stored_reads_back_as_the_same_overlay() -> None:
    overlay = msgspec.convert(DATA["overlay"], Overlay)
    assert msgspec.convert(json.loads(msgspec.json.encode(overlay)), Overlay) == overlay
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**DATA["overlay"], "loosen": {}}, Overlay)
