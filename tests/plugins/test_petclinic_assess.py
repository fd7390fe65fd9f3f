"""The level of a complaint follows from its words, sums, ticks and channel, with reasons and quotes a person can check."""

import itertools
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.hooks.context import DecideContext
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.reading.amounts import find_overruns, number_of, reaches
from core.hooks.reading.words import LONGEST, Reading
from core.hooks.records.complaints import SEVERITIES, Assessment, ComplaintFacts
from core.hooks.records.text import localized
from core.hooks.specs.complaints import assess_complaint
from core.scope import SYSTEM
from plugins.petclinic import assess as petclinic_assess
from plugins.petclinic.settings import Settings
from tests.plugins.complaint_corpus import CORPUS
from tests.plugins.conftest import NOW, A, ask

EPOCHS = itertools.count(1)


@pytest.fixture(scope="module")
def host() -> PluginHost:
    return PluginHost.load([Candidate("petclinic", "plugins.petclinic:plugin")], strict=True)


async def assess(host: PluginHost, text: str = "", chosen: dict[str, Any] | None = None, **facts: Any) -> Assessment:
    plugins = host.for_tenant(A, next(EPOCHS), {"petclinic": chosen or {}})
    complaint = ComplaintFacts(text=text, received_at=NOW, **facts)
    decision = await ask(plugins, assess_complaint, complaint=complaint)
    assert decision.gaps == ()
    (answer,) = decision.answers
    assert isinstance(answer.value, Assessment)
    return answer.value


@pytest.mark.parametrize(("level", "reason", "text"), CORPUS, ids=[f"{n}-{c[0]}" for n, c in enumerate(CORPUS)])
async def test_a_sentence_gets_its_level_with_sourced_reasons_and_quotes_of_its_own_words(
    level: str, reason: str | None, text: str, host: PluginHost
) -> None:
    found = await assess(host, text)
    codes = [one.code for one in found.reasons]
    assert found.severity == level == max(one.severity for one in found.reasons), (text, codes)
    assert reason is None or reason in codes
    for one in found.reasons:
        assert one.source
        assert localized(one.text, "zh-CN") != localized(one.text, "en")
    for quote in found.quotes:
        assert text[quote.start : quote.end] == quote.text != ""
        assert quote.reason in {*codes, "category"}


async def test_the_death_in_surgery_of_the_main_job_is_quoted(host: PluginHost) -> None:
    found = await assess(host, "手术中宠物死亡")
    assert found.severity == "L3"
    assert [(quote.reason, quote.text) for quote in found.quotes][:1] == [("animal_death_in_surgery", "死")]
    assert localized(found.reasons[0].text, "zh-CN") == "手术中宠物死亡"
    assert found.reasons[0].source == "宠物医院客户投诉应急预案 §3.3"


TRIGGERS = (
    *(
        "animal_death_in_surgery",
        "wrong_amputation",
        "boarding_escape",
        "social_media_negative_post",
        "regulator_report",
    ),
)


@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_each_boolean_trigger_of_the_plan_is_level_3_when_ticked(trigger: str, host: PluginHost) -> None:
    assert (await assess(host, "见面再说", answers={trigger: True})).severity == "L3"
    for unticked in (False, None, "", "true", 1):
        assert (await assess(host, "见面再说", answers={trigger: unticked})).severity == "L1"


@pytest.mark.parametrize(
    ("channel", "level"),
    [("regulator", "L3"), ("social_media", "L3"), ("phone", "L1"), ("in_person", "L1"), ("web", "L1")],
)
async def test_what_arrives_in_public_or_through_a_regulator_is_level_3(
    channel: str, level: str, host: PluginHost
) -> None:
    assert (await assess(host, "等太久", channel=channel)).severity == level


@pytest.mark.parametrize(
    ("estimate", "bill", "level"),
    [
        (100_000, 130_000, "L2"),
        (100_000, 129_999, "L1"),
        (99_999, 130_000, "L2"),
        (3, 4, "L2"),
        (100_000, 100_000, "L1"),
        (100_000, 50_000, "L1"),
        (0, 50_000, "L1"),
        (None, 50_000, "L1"),
        (50_000, None, "L1"),
    ],
)
async def test_a_bill_30_percent_over_its_estimate_is_level_2_the_30_included(
    estimate: int | None, bill: int | None, level: str, host: PluginHost
) -> None:
    found = await assess(host, "请看账单", estimate_fen=estimate, bill_fen=bill)
    assert found.severity == level


async def test_the_clinic_may_set_another_threshold(host: PluginHost) -> None:
    text = "费用超出预估35%"
    assert (await assess(host, text)).severity == "L2"
    assert (await assess(host, text, {"over_estimate_percent": 36})).severity == "L1"


async def test_an_announced_report_has_the_level_the_clinic_chose_a_done_one_is_always_3(host: PluginHost) -> None:
    announced, done = "再不解决我就去12315投诉", "我已经向12315举报了"
    lenient = {"announced_external": "L2"}
    assert [(await assess(host, text)).severity for text in (announced, done)] == ["L3", "L3"]
    assert [(await assess(host, text, lenient)).severity for text in (announced, done)] == ["L2", "L3"]


async def test_a_medical_category_starts_at_level_2_and_a_chosen_one_is_kept(host: PluginHost) -> None:
    found = await assess(host, "请尽快联系我", category="petclinic.medical_drugs")
    assert (found.severity, found.category) == ("L2", None)
    assert (await assess(host, "请尽快联系我", category="petclinic.service_waiting")).severity == "L1"
    assert (await assess(host, "请尽快联系我", category="other.unknown")).severity == "L1"


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("手术中宠物死亡", "medical_outcome"),
        ("误诊", "medical_diagnosis"),
        ("寄养时跑丢了", "service_custody"),
        ("收费乱，没有明细", "service_fees"),
        ("排队两小时", "service_waiting"),
        ("前台态度差", "service_attitude"),
        ("到处是尿味", "environment_hygiene"),
        ("微信上两天没人回复", "other_online_reply"),
        ("说好来接送却没来", "other_pickup"),
        ("怕交叉感染", "environment_infection"),
        ("……", None),
    ],
)
async def test_a_category_is_suggested_when_nobody_chose_one(text: str, category: str | None, host: PluginHost) -> None:
    expected = f"petclinic.{category}" if category else None
    assert (await assess(host, text)).category == expected


async def test_what_the_customer_asks_for_is_read_too(host: PluginHost) -> None:
    found = await assess(host, "洗澡洗得不干净", desired="要求赔偿")
    assert found.severity == "L2"
    assert ("desired", "赔偿") in [(quote.source, quote.text) for quote in found.quotes]


async def test_nothing_grave_says_so(host: PluginHost) -> None:
    found = await assess(host, "")
    assert [(one.code, one.severity) for one in found.reasons] == [("no_harm_found", "L1")]


HOSTILE = [
    "死",
    "没有",
    "发小红书",
    "我",
    " ",
    "一",
    ",",
    "0",
    "1,000",
    "估",
    "猫",
    "举报",
    "已经",
    "\n",
    "a",
    "İ",
    "🐶",
    "不会不会",
    "12315",
]


@pytest.mark.parametrize("unit", HOSTILE)
async def test_no_text_holds_the_server_up(unit: str, host: PluginHost) -> None:
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    await assess(host, text, desired=text)
    assert time.process_time() - started < 6  # two texts at the limit; about 1 s on a busy machine


PIECES = st.sampled_from(
    [
        "手术",
        "死",
        "没有",
        "如果",
        "已经",
        "小红书",
        "发",
        "12315",
        "举报",
        "猫",
        "，",
        "。",
        " ",
        "超出预估",
        "30%",
        "说好",
        "800",
        "最后",
        "跑了",
        "走了",
        "我",
        "差评",
        "\x00",
        "İ",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=80))
def test_any_text_has_a_level_and_quotes_of_its_own_words(text: str) -> None:
    ctx: DecideContext[Settings] = DecideContext(
        plugin="petclinic", settings=Settings(), tenant_id=A, locale="zh_CN", now=NOW, actor=SYSTEM
    )
    call = petclinic_assess.assess_complaint(ctx, ComplaintFacts(text=text, received_at=NOW))
    with pytest.raises(StopIteration) as done:
        call.send(None)
    found = done.value.value
    assert found.severity in SEVERITIES
    assert all(text[quote.start : quote.end] == quote.text for quote in found.quotes)


def test_positions_stay_whatever_the_spelling() -> None:
    text = "寵物ＤＩＥＤ①İ🐶，手術"
    assert len(Reading(text).plain) == len(text)
    assert Reading(text).plain.startswith("宠物died")
    assert len(Reading("死" * (LONGEST + 1)).plain) == LONGEST


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("一千五", 1500),
        ("两百三", 230),
        ("一万二", 12_000),
        ("三百零五", 305),
        ("十五", 15),
        ("二十", 20),
        ("1300", 1300),
        ("一万零五百", 10_500),
        ("八百", 800),
    ],
)
def test_chinese_numbers_are_read_as_spoken(text: str, number: int) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "percents"),
    [
        ("说好800最后收了1040", [30.0]),
        ("预估1,000元 实际1,299.99元", [29.999]),
        ("估价2千，结账变成3千5", [75.0]),
        ("你们报价1.2万，最后1万6", [pytest.approx(33.333, abs=0.001)]),
        ("术前告诉我手术费3000，住了3天院，出院收了4500块", [50.0]),
        ("比报价贵了三成半", [35]),
        ("费用涨了百分之三十", [30.0]),
        ("账单多了一半", [50]),
        ("费用翻倍", [100]),
        ("比报价贵了两倍", [200]),
        ("预算500 最后500", []),
        ("预约9点，结果10点才看", []),
        ("说好3天，最后住了5天", []),
    ],
)
def test_sums_and_shares_are_found_in_words(text: str, percents: list[Any]) -> None:
    assert [overrun.percent for overrun in find_overruns(Reading(text).plain)][: len(percents) or None] == percents


def test_the_threshold_is_exact_in_integers() -> None:
    assert reaches(10**15, 13 * 10**14, 30)
    assert not reaches(10**15, 13 * 10**14 - 1, 30)
