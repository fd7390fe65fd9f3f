"""Sentences to customers: what the wording check finds in them, and what it leaves alone."""

import pytest

from core.casework.rules.wording import Finding, check_wording, find_empathy
from core.hooks.records.casework import WordRule

CURE = WordRule(id="cure", words=("保证治愈", "100%"), why="承诺疗效", instead="我们会尽全力")
RUDE = WordRule(id="rude", kind="avoid", words=("死了",), why="伤人", instead="离开了我们")
CARE = "能理解您的心情。"


def _found(text: str, *rules: WordRule) -> list[tuple[str, str]]:
    return [(one.kind, one.words) for one in check_wording(text, rules)]


@pytest.mark.parametrize(
    "text",
    [
        "不好意思让您久等了",
        "您不客气，我们差不多今天下午就有结果",
        "对不起，给您带来不便",
        "我们的服务有不足，照顾不周",
        "这样的事以后不会再有",
        "我们保证类似情况不再发生",
        "请问您能不能今天下午来一趟",
        "您看这个时间可不可以",
        "是不是方便现在通话",
        "不过我们会继续跟进",
        "不仅免费复查，也补偿检查费用",
        "这次复查不收取费用",
        "不用担心，医生会一直守着豆豆",
        "豆豆的不适我们会持续观察",
        "它不吃东西已经两天，我们安排了检查",
        "我们会不断改进",
        "我们不回避自己的问题",
        "您反映的护士不理人的情况，我们正在核查",
        "您说医生不负责，我们认真记录了",
        "您提到“你们不能这样”，我记下了",
        "我理解您不愿意再等",
        "我们会纠正这个错误",
        "这是我们的错误，实在抱歉",
        "请您看看有没有错误",
        "不管多晚，我都会给您回电",
        "不少客户也提过这一点，谢谢您",
        "不久就会有结果",
        "了不起的细心，谢谢您提醒",
        "我忍不住也为它难过",
        "候诊区的卫生做得不到位，我们已经整改",
        "解释不清晰是我们的问题",
        "舍不得它受苦，我们都一样",
        "来不及准备的材料我们替您复印",
        "我们会不遗余力地治疗它",
        "不影响您的正常就诊",
        "能否告诉我您方便的时间",
        "We will call you by ten o'clock",
    ],
)
def test_harmless_words_are_left_alone(text: str) -> None:
    assert _found(CARE + text) == []


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("这个不能退款", "avoid", "不能"),
        ("我们不能给您优惠", "avoid", "不能"),
        ("今天不行", "avoid", "不行"),
        ("这不可能发生", "avoid", "不可能"),
        ("退费不可以", "avoid", "不可以"),
        ("我不知道谁负责", "avoid", "不知道"),
        ("具体情况我不清楚", "avoid", "不清楚"),
        ("没办法，系统就这样", "avoid", "没办法"),
        ("费用无法减免", "avoid", "无法"),
        ("这个我们做不到", "avoid", "做不到"),
        ("您的理解有错误", "avoid", "错误"),
        ("这是错误的说法", "avoid", "错误"),
        ("监控不给看", "avoid", "不给"),
        ("我们不同意退款", "avoid", "不"),
        ("医生不在", "avoid", "不"),
        ("这不关我们的事", "blame", "不关我们的事"),
        ("不归我管", "blame", "不归我管"),
        ("这不是我们的责任", "blame", "不是我们的责任"),
        ("是您自己没看告知书", "blame", "是您自己没"),
        ("您误会了", "blame", "您误会了"),
        ("你必须先交钱", "blame", "你必须"),
        ("您应该早点送来", "blame", "您应该早"),
        ("请您冷静一点", "blame", "冷静一点"),
        ("别激动", "blame", "别激动"),
        ("我们的规定就是这样", "blame", "我们的规定就是"),
        ("We cannot refund this", "avoid", "cannot"),
        ("It is your fault", "avoid", "your fault"),
        ("Please calm down", "avoid", "calm down"),
    ],
)
def test_refusals_and_blame_are_found_where_they_stand(text: str, kind: str, words: str) -> None:
    whole = CARE + text
    found = check_wording(whole)
    assert [(one.kind, one.words) for one in found] == [(kind, words)]
    assert whole[found[0].start : found[0].end] == words
    assert found[0].instead
    assert found[0].why


@pytest.mark.parametrize(
    "text",
    [
        "能理解您现在又心疼又着急的心情",
        "实在抱歉让您等久了，我们马上调整叫号系统，稍后为您优先安排。",
        "我理解你的感受",
        "这听起来很令人沮丧",
        "不好意思，让您受累了",
        "对不起，是我们照顾不周",
        "换作是我也会着急",
        "让您费心了",
        "I am so sorry to hear this",
    ],
)
def test_understanding_is_recognised(text: str) -> None:
    assert find_empathy(text) is not None
    assert _found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "您的投诉已收到，编号 C-0001。",
        "我们会在今天下午回复。",
        "我不理解为什么要投诉",
        "我们没有必要道歉",
        "我们无法理解这种要求",
        "别着急",
        "We have your complaint.",
    ],
)
def test_missing_or_denied_understanding_is_said(text: str) -> None:
    assert find_empathy(text) is None
    assert "no_empathy" in {one.kind for one in check_wording(text)}


def test_understanding_comes_before_the_solution() -> None:
    late = "您好。我们查了监控。费用会退给您。医生已经谈过话。能理解您的心情。"
    assert [one.kind for one in check_wording(late)] == ["late_empathy"]
    assert _found("您好。我是高主管。能理解您的心情。费用会退给您。医生已经谈过话。") == []


def test_what_a_vertical_never_promises_is_found_with_its_own_words() -> None:
    found = check_wording(CARE + "我们保证治愈，100%有效", (CURE,))
    assert [(one.kind, one.words, one.instead) for one in found] == [
        ("promise", "保证治愈", "我们会尽全力"),
        ("promise", "100%", "我们会尽全力"),
    ]


def test_a_promise_that_is_denied_is_none() -> None:
    assert ("promise", "保证治愈") not in _found(CARE + "没有人能保证治愈", CURE)


def test_words_of_a_vertical_stand_before_the_general_ones() -> None:
    rule = WordRule(id="refund", words=("不能退款",), why="", instead="可以为您……")
    assert _found(CARE + "这里不能退款", rule) == [("promise", "不能退款")]


def test_findings_stand_in_the_order_of_the_text() -> None:
    found = _found(CARE + "它死了，我们没办法，您误会了", RUDE)
    assert found == [("avoid", "死了"), ("avoid", "没办法"), ("blame", "您误会了")]


def test_a_word_is_found_once() -> None:
    assert _found(CARE + "不能，真的不能") == [("avoid", "不能"), ("avoid", "不能")]


def test_a_word_rule_names_words() -> None:
    with pytest.raises(ValueError, match="names no words"):
        WordRule(id="x", words=("",), why="", instead="")


def test_a_finding_can_be_kept() -> None:
    finding = check_wording("好的")[0]
    assert isinstance(finding, Finding)
    assert (finding.start, finding.end) == (0, 0)
