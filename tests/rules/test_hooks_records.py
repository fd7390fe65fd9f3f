"""Records that cross the plugin boundary refuse what cannot be meant, and keep their wire form."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from core.hooks.records.complaints import (
    DutyRole,
    EscalationStep,
    Milestone,
    Policy,
    severity_rank,
)
from core.hooks.records.forms import Condition, Field, Form
from core.hooks.records.loyalty.parts import PercentDiscount
from core.hooks.records.loyalty.points import Tier, TierLadder
from core.hooks.records.text import both, localized

WIRE: dict[str, Any] = {
    "id": "petclinic.intake",
    "title": {"zh-CN": "就诊登记", "en": "Visit intake"},
    "fields": [
        {
            "type": "choice",
            "key": "species",
            "label": "宠物类型",
            "required": True,
            "profile": "subject.species",
            "options": [["dog", "犬"], ["cat", "猫"], ["exotic", "异宠"]],
        },
        {
            "type": "text",
            "key": "exotic_kind",
            "label": "异宠种类",
            "required": True,
            "max_length": 40,
            "visible_when": {"field": "species", "op": "eq", "value": "exotic"},
        },
        {"type": "number", "key": "weight_kg", "label": "体重", "unit": "kg", "min": 0.01, "max": 120},
        {"type": "bool", "key": "had_illness", "label": "有无病史"},
        {
            "type": "group",
            "key": "past",
            "label": "既往史",
            "repeat": True,
            "max_rows": 10,
            "visible_when": {"field": "had_illness", "op": "eq", "value": True},
            "fields": [
                {"type": "text", "key": "disease", "label": "疾病", "required": True},
                {"type": "date", "key": "since", "label": "时间", "max": "today"},
            ],
        },
        {
            "type": "signature",
            "key": "signature",
            "label": "签名",
            "required": True,
            "text": "本人已知悉可能的风险及应对措施",
        },
    ],
}


def test_the_wire_form_of_the_specification_survives_a_round_trip() -> None:
    form = msgspec.convert(WIRE, Form)
    assert msgspec.json.decode(msgspec.json.encode(form)) == WIRE
    assert list(msgspec.json.decode(msgspec.json.encode(form))["fields"][2]) == list(
        {"type": 0, "key": 0, "label": 0, "unit": 0, "min": 0, "max": 0}
    )


def test_every_kind_of_field_of_the_specification_exists() -> None:
    kinds = {kind.__struct_config__.tag for kind in Field.__args__}
    expected = "text number date datetime bool choice multi rating file signature group note calc"
    assert kinds == set(expected.split())


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"field": "a"},
        {"op": "eq", "value": 1},
        {"field": "a", "op": "eq"},
        {"field": "a", "op": "like", "value": 1},
        {"all": [], "any": []},
        {"not": {"field": "a", "op": "empty"}, "value": 1},
        {"field": "a", "op": "empty", "more": 1},
    ],
)
def test_a_condition_has_exactly_one_shape(condition: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(condition, Condition)


def test_a_condition_keeps_true_and_one_apart() -> None:
    wire = b'{"all":[{"field":"a","op":"eq","value":true},{"field":"a","op":"in","value":[1,"1"]}]}'
    assert msgspec.json.encode(msgspec.json.decode(wire, type=Condition)).replace(b" ", b"") == wire


def _step(**parts: Any) -> Callable[[], object]:
    return lambda: EscalationStep(role="r", **parts)


def _milestone(**parts: Any) -> Milestone:
    return Milestone(**{"id": "m", "label": "x", "owner_role": "r", "minutes": 10} | parts)


def _policy(*milestones: Milestone, **parts: Any) -> Policy:
    given = {"severity": "L1", "label": "x", "milestones": milestones, "roles": (DutyRole(code="r", label="x"),)}
    return Policy(**given | parts)


REFUSED: dict[str, Callable[[], object]] = {
    "either fraction or minutes": _step(),
    "either fraction or minutes ": _step(fraction=0.5, minutes=3),
    "fraction lies in": _step(fraction=1.5),
    "come together": _step(fraction=0.5, need_ack=True),
    "come together ": _step(fraction=0.5, ack_timeout=5),
    "must be positive": lambda: _milestone(minutes=0),
    "counts_from 'after' needs after": lambda: _milestone(counts_from="after"),
    "steps need a budget": lambda: _milestone(minutes=None, steps=(EscalationStep(role="r", fraction=1.0),)),
    "rising fractions": lambda: _milestone(warnings=(0.9, 0.5)),
    "rising fractions ": lambda: _milestone(warnings=(0.5, 1.0)),
    "milestone m twice": lambda: _policy(_milestone(), _milestone()),
    "m comes after n": lambda: _policy(_milestone(after="n"), _milestone(id="n")),
    "gates unknown": lambda: _policy(_milestone(gate_for="nowhere")),
    "reopen names unknown": lambda: _policy(_milestone(), reopen=("x",)),
    "no label for roles ['boss']": lambda: _policy(_milestone(approver="boss")),
    "no label for roles ['next']": lambda: _policy(
        _milestone(steps=(EscalationStep(role="r", fraction=1.0, need_ack=True, ack_timeout=1, next="next"),))
    ),
    "no label for roles ['helper']": lambda: _policy(_milestone(with_roles=("helper",))),
    "first tier starts at 0": lambda: TierLadder(tiers=()),
    "first tier starts at 0 ": lambda: TierLadder(tiers=(Tier(code="a", label="x", min_fen=1),)),
    "rise strictly": lambda: TierLadder(
        tiers=tuple(Tier(code=code, label="x", min_fen=fen) for code, fen in (("a", 0), ("b", 5), ("c", 5)))
    ),
    "codes are unique": lambda: TierLadder(tiers=tuple(Tier(code="a", label="x", min_fen=fen) for fen in (0, 5))),
    "between 1 and 99": lambda: PercentDiscount(pay_percent=100),
}


@pytest.mark.parametrize("words", sorted(REFUSED))
def test_a_record_that_cannot_be_meant_is_refused_when_it_is_made(words: str) -> None:
    with pytest.raises(ValueError, match=words.strip().replace("[", r"\[").replace("]", r"\]")):
        REFUSED[words]()


def test_a_policy_may_gate_the_archive_and_later_milestones() -> None:
    policy = _policy(_milestone(gate_for="n"), _milestone(id="n", after="m", counts_from="after", gate_for="archive"))
    assert [milestone.id for milestone in policy.milestones] == ["m", "n"]


def test_severities_rank_from_slight_to_grave() -> None:
    assert [severity_rank(severity) for severity in ("L1", "L2", "L3")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("locale", "words"),
    [("zh-CN", "中"), ("zh_CN", "中"), ("zh-TW", "中"), ("en", "E"), ("en_GB", "E"), ("fr", "E"), ("", "E")],
)
def test_a_reader_gets_the_nearest_language(locale: str, words: str) -> None:
    assert localized(both("中", "E"), locale) == words


@pytest.mark.parametrize(("text", "words"), [("plain", "plain"), ({"zh-CN": "中"}, "中"), ({"fr": "F"}, "F"), ({}, "")])
def test_a_text_without_the_readers_language_still_says_something(text: str | dict[str, str], words: str) -> None:
    assert localized(text, "de") == words
