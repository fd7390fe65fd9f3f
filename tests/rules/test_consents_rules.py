"""The words of a seal, the chain that holds them together, who signed, and the first link that does not hold."""

import hashlib
import json
from typing import Any

import msgspec
import pytest

from core.chains import GENESIS, Break, Link, canonical, read_link, seal_of
from core.consents.rules import (
    SignedBody,
    Signer,
    Verifier,
    WithdrawnBody,
    first_break,
    read_body,
    shown_text,
    signature_of,
    signer_of,
)
from core.errors import FieldProblem
from core.forms.rules import BadDefinition, check_form, evaluate, form_view, refuse_bad_form, version_of
from core.forms.rules.attachments import drawn_answers, file_answers, file_fields, with_files
from core.hooks.records.forms import (
    BoolField,
    ChoiceField,
    Condition,
    FileField,
    Form,
    GroupField,
    NoteField,
    Option,
    Section,
    SignatureField,
    TextField,
)

TODAY = "2026-03-02"
CHAIN = "0192aaaa-0000-7000-8000-000000000001"
RISK = BoolField(key="bleeding", label="Understood", risk="Bleeding", countermeasure="Clotting is checked")
SIGN = SignatureField(key="sign", required=True, text="I agree", signer_key="name", role_key="who")
FORM = Form(
    id="petclinic.consent",
    title="Consent",
    intro="Read it",
    purpose="consent",
    fields=(
        RISK,
        TextField(key="name"),
        ChoiceField(
            key="who", options=(Option("owner", "Owner"), Option("guardian", "Guardian"), Option("vet", "Vet"))
        ),
        NoteField(key="minor", text="Bring a paper", visible_when=Condition(field="who", op="eq", value="guardian")),
        GroupField(key="more", fields=(TextField(key="words", label="More"),)),
        GroupField(key="rows", repeat=True, fields=(TextField(key="cell", label="Cell"),)),
        SIGN,
    ),
    sections=(Section(id="risks", title="Risks", fields=("bleeding",)),),
)


def signed(seq: int, previous: str, **more: Any) -> SignedBody:
    words: dict[str, Any] = {
        "chain": CHAIN,
        "seq": seq,
        "previous": previous,
        "form": "petclinic.consent",
        "version": "0" * 16,
        "submission": "s",
        "answers": {"b": 1, "a": "年糕"},
        "text": (("", "Consent"),),
        "signer": "王小明",
        "role": "owner",
        "signed_at": "2026-03-02T00:00:00.000000+00:00",
        "ip": "127.0.0.1",
        "user_agent": "x",
    }
    return SignedBody(**words | more)


def withdrawn(seq: int, previous: str, of: str) -> WithdrawnBody:
    return WithdrawnBody(
        chain=CHAIN,
        seq=seq,
        previous=previous,
        form="petclinic.consent",
        submission="s",
        of=of,
        reason="",
        by="王小明",
        signed_at="2026-03-03T00:00:00.000000+00:00",
        ip="",
        user_agent="",
    )


def link(body: SignedBody | WithdrawnBody, chain: str = CHAIN) -> Link:
    words = canonical(body)
    return Link(chain=chain, seq=body.seq, seal=seal_of(words), body=words)


def chain() -> list[Link]:
    one = link(signed(1, GENESIS))
    two = link(signed(2, one.seal))
    three = link(withdrawn(3, two.seal, two.seal))
    return [one, two, three, link(signed(4, three.seal))]


def test_a_seal_is_the_sha_256_of_the_canonical_words() -> None:
    words = canonical(signed(1, GENESIS))
    assert seal_of(words) == hashlib.sha256(words.encode()).hexdigest()
    assert words == json.dumps(json.loads(words), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    named = set(json.loads(words))
    assert {"version", "answers", "text", "signer", "role", "signed_at", "ip", "user_agent", "previous"} <= named


def test_a_whole_chain_holds_also_mixed_with_another() -> None:
    other = "0192aaaa-0000-7000-8000-000000000002"
    first = link(signed(1, GENESIS, chain=other), other)
    one, *rest = chain()
    verifier = Verifier()
    assert [verifier.follow(each) for each in (one, first, *rest)] == [None] * 5
    assert verifier.count == 5
    assert verifier.last == {CHAIN: rest[-1].seal, other: first.seal}
    assert first_break(chain()) is None


def test_the_first_link_that_does_not_hold_is_named_with_its_reason() -> None:
    one, two, three, four = chain()
    altered = msgspec.structs.replace(two, body=two.body.replace("王小明", "王大明"))
    assert first_break([one, altered, three, four]) == Break(CHAIN, 2, "altered")
    assert first_break([one, three, four]) == Break(CHAIN, 3, "out_of_order")
    assert first_break([two, three]) == Break(CHAIN, 2, "out_of_order")
    assert first_break([one, one]) == Break(CHAIN, 1, "out_of_order")
    assert first_break([link(signed(1, "f" * 64))]) == Break(CHAIN, 1, "wrong_previous")
    # Whoever forges a link and seals it anew breaks the one after it.
    forged = link(signed(2, one.seal, signer="王大明"))
    assert first_break([one, forged, three]) == Break(CHAIN, 3, "wrong_previous")
    assert first_break([link(signed(1, GENESIS), chain="elsewhere")]) == Break("elsewhere", 1, "mislabelled")
    assert first_break([msgspec.structs.replace(one, seq=2)]) == Break(CHAIN, 2, "mislabelled")
    empty = Link(chain=CHAIN, seq=1, seal=seal_of("{}"), body="{}")
    assert first_break([empty]) == Break(CHAIN, 1, "unreadable")


def test_a_withdrawal_takes_back_one_signature_once() -> None:
    one, two, three, _ = chain()
    again = link(withdrawn(4, three.seal, two.seal))
    assert first_break([one, two, three, again]) == Break(CHAIN, 4, "withdraws_nothing")
    assert first_break([one, link(withdrawn(2, one.seal, "f" * 64))]) == Break(CHAIN, 2, "withdraws_nothing")


def test_lines_and_bodies_that_are_none_are_refused() -> None:
    one = chain()[0]
    assert read_link(msgspec.json.encode(one)) == one
    assert read_body(one.body) == signed(1, GENESIS)
    for line in (b"{}", b"no json", b"\xff", b"[]"):
        with pytest.raises(ValueError, match="no"):
            read_link(line)
    with pytest.raises(ValueError, match="not a sealed body"):
        read_body("[]")


def test_the_shown_text_is_every_word_that_was_visible_and_none_that_was_hidden() -> None:
    data = {"bleeding": True, "who": "owner", "more": {"words": "x"}, "rows": [{"cell": "y"}], "sign": {"name": "W"}}
    words = [text for _, text in shown_text(form_view(FORM, data, (), "en", TODAY))]
    assert words[:2] == ["Consent", "Read it"]
    assert {"Risks", "Bleeding", "Clotting is checked", "Understood", "More", "Cell", "I agree"} <= set(words)
    assert "Bring a paper" not in words


@pytest.mark.parametrize(
    ("data", "known", "subject", "expected"),
    [
        ({"sign": {"image": "x"}, "name": "王小明", "who": "guardian"}, "李", True, Signer("王小明", "guardian")),
        ({"sign": {"name": "王小明"}}, "李", True, Signer("王小明", "owner")),
        ({"sign": "王小明"}, "李", False, Signer("王小明", "self")),
        ({"sign": {"image": "x"}}, "李", False, Signer("李", "self")),
        ({"sign": {"image": "x"}}, " ", False, FieldProblem("name", "required")),
        ({"sign": {"image": "x"}, "who": "vet"}, "李", False, FieldProblem("who", "option")),
        ({}, "李", False, FieldProblem("sign", "not_signed")),
    ],
)
def test_who_signed_is_asked_typed_or_known_and_stands_in_a_role(
    data: dict[str, Any], known: str, subject: bool, expected: object
) -> None:
    assert signer_of(FORM, data, known_name=known, has_subject=subject) == expected


def test_a_form_without_a_signature_is_signed_by_nobody() -> None:
    bare = Form(id="a", title="", fields=(TextField(key="x"),))
    assert signature_of(bare) is None
    assert signer_of(bare, {}, known_name="李", has_subject=False) == FieldProblem("", "not_signed")
    plain = Form(id="a", title="", fields=(SignatureField(key="s"),))
    assert signer_of(plain, {"s": {"image": "x"}}, known_name="", has_subject=False) == FieldProblem("s", "required")


def test_a_risk_is_acknowledged_with_a_tick_and_nothing_else() -> None:
    form = Form(id="a", title="", fields=(RISK, BoolField(key="plain", required=True)))

    def codes(answers: dict[str, Any]) -> list[tuple[str, str]]:
        return [(one.path, one.code) for one in evaluate(form, answers, TODAY).errors]

    assert codes({"bleeding": True, "plain": False}) == []
    assert codes({"bleeding": False, "plain": False}) == [("bleeding", "required")]
    assert codes({"plain": True}) == [("bleeding", "required")]
    assert codes({"bleeding": "yes", "plain": True}) == [("bleeding", "type")]


def test_forms_without_risks_keep_their_version() -> None:
    wire = b'{"fields":[{"key":"a","label":"","type":"bool"},{"key":"s","type":"signature"}],"id":"f","title":"t"}'
    form = msgspec.json.decode(wire, type=Form)
    assert version_of(form) == hashlib.sha256(msgspec.json.encode(form, order="sorted")).hexdigest()[:16]
    assert b"risk" not in msgspec.json.encode(form)
    assert b"role_key" not in msgspec.json.encode(form)


def test_what_keeps_a_definition_from_being_a_consent_is_named() -> None:
    def reasons(*fields: Any) -> list[str]:
        return [one.reason for one in check_form(Form(id="a", title="", fields=fields, purpose="consent"))]

    assert reasons(TextField(key="name"), SignatureField(key="s", signer_key="name")) == []
    assert reasons(SignatureField(key="s", signer_key="name"), TextField(key="name")) == ["name is no earlier text"]
    assert reasons(TextField(key="who"), SignatureField(key="s", role_key="who")) == ["who is no earlier choice"]
    assert reasons(BoolField(key="b", risk="R")) == ["a risk and its countermeasure come together"]
    assert reasons(BoolField(key="b", countermeasure="C")) == ["a risk and its countermeasure come together"]
    hidden = SignatureField(key="s", required=True, visible_when=Condition(field="t", op="not_empty"))
    for fields in ((TextField(key="t"),), (SignatureField(key="s"),), (TextField(key="t"), hidden)):
        with pytest.raises(BadDefinition, match="required signature"):
            refuse_bad_form(Form(id="a", title="", fields=fields, purpose="consent"))
    refuse_bad_form(Form(id="a", title="", fields=(SignatureField(key="s", required=True),), purpose="consent"))


FILES = Form(
    id="f",
    title="",
    fields=(
        FileField(key="photos", max_rows=3),
        GroupField(key="one", fields=(FileField(key="scan"),)),
        GroupField(key="rows", repeat=True, fields=(FileField(key="pic"), SignatureField(key="sign"))),
    ),
)


def record(token: str) -> dict[str, Any]:
    return {"token": token, "name": "a.jpg", "type": "image/jpeg", "size": 1}


def test_files_and_drawings_are_found_where_they_stand() -> None:
    data = {
        "photos": [record("a"), record("b")],
        "one": {"scan": record("c")},
        "rows": [{"pic": [record("d")], "sign": {"image": "data:x"}}, {"sign": {"name": "typed"}}, "broken"],
    }
    found = [(one.path, one.token) for one in file_answers(FILES, data)]
    assert found == [("photos", "a"), ("photos", "b"), ("one.scan", "c"), ("rows[0].pic", "d")]
    assert [(one.path, one.image) for one in drawn_answers(FILES, data)] == [("rows[0].sign", "data:x")]
    assert [field.key for field in file_fields(FILES)] == ["photos", "scan", "pic"]


def test_records_are_exchanged_in_place_and_the_lost_left_out() -> None:
    data: dict[str, Any] = {
        "photos": [record("a"), record("lost"), "text"],
        "one": {"scan": record("c")},
        "rows": [{"pic": [record("d")]}, "broken"],
    }

    def find(one: dict[str, Any]) -> dict[str, Any] | None:
        return None if one["token"] == "lost" else {**one, "token": one["token"].upper()}

    changed = with_files(FILES, data, find)
    assert [one if isinstance(one, str) else one["token"] for one in changed["photos"]] == ["A", "text"]
    assert changed["one"]["scan"][0]["token"] == "C"
    assert changed["rows"][0]["pic"][0]["token"] == "D"
    assert changed["rows"][1] == "broken"
    assert data["photos"][0]["token"] == "a"
    assert with_files(FILES, {"one": None}, find) == {"one": None}
