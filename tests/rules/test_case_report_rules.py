"""What a report may not lack, which words are no facts, how two drafts differ, and that equal words give equal hashes."""

from datetime import date

import pytest

from core.case_reports.rules import (
    MOST_HINTS,
    PART_LIMIT,
    Content,
    approver_of,
    body_of,
    clean,
    difference,
    differences,
    find_hints,
    hash_of,
    options_of,
    problems,
    read_body,
    report_step,
    spelled,
)
from core.hooks.records.complaints import DutyRole, Milestone, Policy
from core.hooks.records.forms import MultiField, Option
from core.hooks.records.text import both
from core.staff_records.rules import TEXT_LIMIT, RecordDraft, kept_until, words_problem
from core.staff_records.rules import clean as clean_record
from core.staff_records.rules import problems as record_problems

OPTIONS = (Option("adjust", both("调整治疗计划", "Adjust the plan")), Option("reduce", "减免部分费用"))


def _policy(*milestones: Milestone) -> Policy:
    return Policy(
        severity="L2",
        label="二级",
        definition="",
        examples=(),
        share_percent=30,
        milestones=milestones,
        roles=(DutyRole(code="x", label="x"), DutyRole(code="medical_head", label="医务主任")),
        source="x",
    )


STEP = Milestone(
    id="report",
    label="报告",
    owner_role="x",
    proof="report",
    facts=(MultiField(key="options", label="x", options=OPTIONS),),
)
APPROVAL = Milestone(id="approval", label="审核", owner_role="x", proof="approval", approver="medical_head")


def test_the_policy_says_who_approves_and_what_may_be_offered() -> None:
    policy = _policy(STEP, APPROVAL)
    assert (approver_of(policy), approver_of(_policy(STEP))) == ("medical_head", "director")
    assert options_of(policy) == OPTIONS
    assert options_of(_policy(APPROVAL)) == ()
    assert report_step(policy) == STEP


def test_a_draft_may_lack_anything_and_a_report_none_of_the_three_points() -> None:
    assert problems(Content(), frozenset(), whole=False) == ()
    assert [one.path for one in problems(Content(), frozenset(), whole=True)] == ["facts", "shortcomings", "plan"]
    long = Content(remedy="长" * (PART_LIMIT + 1), options=("other",))
    assert [(one.path, one.code) for one in problems(long, frozenset({"adjust"}), whole=False)] == [
        ("remedy", "too-long"),
        ("options", "option"),
    ]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("护士可能忘记巡视", "guess"),
        ("大概半小时后", "guess"),
        ("我觉得没有问题", "opinion"),
        ("肯定是主人喂错了", "certainty"),
        ("客户无理取闹", "certainty"),
        ("听说之前也发生过", "hearsay"),
        ("The nurse probably forgot", "guess"),
        ("I think so", "opinion"),
        ("Obviously the owner did", "certainty"),
    ],
)
def test_a_word_that_is_no_fact_is_pointed_at(words: str, kind: str) -> None:
    assert [one.kind for one in find_hints(Content(facts=words))] == [kind]


@pytest.mark.parametrize(
    "words", ["我们将尽可能减少等待", "这是不可能的", "11月20日 14:30 出现应激反应", "对可能性的评估"]
)
def test_a_fact_is_not_pointed_at(words: str) -> None:
    assert find_hints(Content(facts=words)) == ()


def test_a_hint_says_where_with_what_stands_around_it_and_there_are_not_endless_many() -> None:
    (hint,) = find_hints(Content(plan="第一行\n护士大概忘记了\n第三行"))
    assert (hint.part, hint.words, hint.before, hint.after) == ("plan", "大概", "护士", "忘记了")
    assert len(find_hints(Content(facts="可能" * 100))) == MOST_HINTS


def test_two_drafts_differ_word_by_word_and_both_can_be_put_together_again() -> None:
    theirs, ours = "15:05 护士到场处理", "15:10 护士长到场"
    changes = difference(theirs, ours)
    assert "".join(one.text for one in changes if one.who != "ours") == theirs
    assert "".join(one.text for one in changes if one.who != "theirs") == ours
    assert set(differences(Content(facts=theirs, plan="同"), Content(facts=ours, plan="同"))) == {"facts"}


def test_equal_words_give_the_same_hash_and_one_letter_another() -> None:
    about = {"number": 1, "version": 1, "complaint": 7, "house": "康安", "contact": "周", "received_at": "x"}
    content = clean(Content(facts="一\r\n二 ", options=("reduce", "adjust", "reduce")))
    assert content == Content(facts="一\n二", options=("reduce", "adjust"))
    body = body_of(content, OPTIONS, **about)
    assert body.options == ({"zh-CN": "减免部分费用"}, {"zh-CN": "调整治疗计划", "en": "Adjust the plan"})
    assert hash_of(spelled(body)) == hash_of(spelled(body_of(content, OPTIONS, **about)))
    assert hash_of(spelled(body)) != hash_of(spelled(body_of(Content(facts="一\n三"), OPTIONS, **about)))
    assert read_body(spelled(body)) == body
    assert read_body("{}") is None


def test_a_staff_record_says_what_to_learn_and_names_a_measure_that_is_no_punishment() -> None:
    whole = RecordDraft(involvement=" 当班 ", finding="巡视超时", learned="挂提示牌", measure="rotation")
    assert record_problems(clean_record(whole)) == ()
    assert clean_record(whole).involvement == "当班"
    assert {one.path for one in record_problems(RecordDraft())} == {"involvement", "finding", "learned", "measure"}
    fined = RecordDraft(involvement="x", finding="x" * (TEXT_LIMIT + 1), learned="x", measure="fine")
    assert [(one.path, one.code) for one in record_problems(fined)] == [("finding", "too-long"), ("measure", "option")]


def test_a_reply_is_neither_empty_nor_endless() -> None:
    assert words_problem("当晚一人值两层") is None
    found = [words_problem(text, "reply") for text in (" ", "长" * (TEXT_LIMIT + 1))]
    assert [(one.path, one.code) for one in found if one is not None] == [("reply", "required"), ("reply", "too-long")]


def test_a_record_is_kept_three_years_also_from_a_leap_day() -> None:
    assert kept_until(date(2026, 11, 23)) == date(2029, 11, 23)
    assert kept_until(date(2028, 2, 29)) == date(2031, 3, 1)
