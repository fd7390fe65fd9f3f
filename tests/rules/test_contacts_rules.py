"""What a contact may look like, and what answers allow on which channel."""

import pytest

from core.contacts.rules import Answer, consent_problems, contact_problems, is_allowed


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("email", "wang@example.cn", None),
        ("email", "wang@example", "bad-email"),
        ("email", "a b@example.cn", "bad-email"),
        ("wechat", "doudou_mama", None),
        ("wechat", "13812346871", None),
        ("wechat", "豆豆妈妈", "bad-wechat"),
        ("wechat", "abc", "bad-wechat"),
        ("address", "东营区西四路 88 号", None),
        ("address", "", "required"),
        ("address", "x" * 301, "too-long"),
        ("pigeon", "coo", "bad-choice"),
    ],
)
def test_a_contact_has_the_form_of_its_kind(kind: str, value: str, code: str | None) -> None:
    found = [problem.code for problem in contact_problems(kind=kind, value=value)]
    assert found == ([code] if code else [])


def test_a_label_is_short() -> None:
    assert [p.path for p in contact_problems(kind="email", value="a@b.cn", label="x" * 41)] == ["label"]


def test_an_answer_names_a_purpose_a_channel_and_a_decision() -> None:
    assert consent_problems(purpose="survey", channel="all", decision="granted") == ()
    wrong = consent_problems(purpose="ads", channel="pigeon", decision="maybe")
    assert {problem.path for problem in wrong} == {"purpose", "channel", "decision"}
    assert consent_problems(purpose="health_data", channel="sms", decision="granted"), (
        "no channel belongs to health data"
    )
    assert consent_problems(purpose="health_data", channel="all", decision="granted") == ()


@pytest.mark.parametrize(
    ("purpose", "answers", "allowed"),
    [
        ("service", [], True),
        ("survey", [], True),
        ("marketing", [], False),
        ("research", [], False),
        ("health_data", [], False),
        ("marketing", [("all", "granted")], True),
        ("marketing", [("phone", "granted")], False),
        ("survey", [("all", "withdrawn")], False),
        ("survey", [("all", "withdrawn"), ("sms", "granted")], True),
        ("survey", [("sms", "granted"), ("all", "withdrawn")], False),
    ],
)
def test_the_last_answer_that_covers_the_channel_counts(
    purpose: str, answers: list[tuple[str, str]], *, allowed: bool
) -> None:
    given = [Answer("service", "all", "withdrawn" if purpose != "service" else "granted")]
    given += [Answer(purpose, channel, decision) for channel, decision in answers]
    assert is_allowed(given, purpose=purpose, channel="sms") is allowed
