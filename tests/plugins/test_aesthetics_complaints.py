"""Complaints of medical aesthetics: four triggers read from the words, levels as the pet hospital's, wording by the law."""

import itertools
from typing import Any

import pytest

from core.hooks.dispatch import TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.complaints import Assessment, ComplaintFacts
from core.hooks.records.text import localized
from core.hooks.specs.casework import complaint_scripts, complaint_wording
from core.hooks.specs.complaints import assess_complaint, complaint_categories, complaint_policies
from core.hooks.specs.remedies import complaint_remedies
from tests.plugins.conftest import NOW, A, ask

EPOCHS = itertools.count(1)


@pytest.fixture(scope="module")
def host() -> PluginHost:
    return PluginHost.load(
        [Candidate("aesthetics", "plugins.aesthetics:plugin"), Candidate("petclinic", "plugins.petclinic:plugin")],
        strict=True,
    )


def clinic(host: PluginHost, *more: str) -> TenantPlugins:
    return host.for_tenant(A, next(EPOCHS), {name: {} for name in ("aesthetics", *more)})


async def judged(host: PluginHost, text: str, **more: Any) -> Assessment | None:
    facts = ComplaintFacts(text=text, received_at=NOW, **more)
    found = await ask(clinic(host), assess_complaint, complaint=facts)
    return found.answers[0].value if found.answers else None


@pytest.mark.parametrize(
    ("text", "severity", "category", "reason"),
    [
        ("做完双眼皮第三天伤口红肿流脓，眼睛都睁不开", "L2", "medical_complication", "complication"),
        ("打完玻尿酸鼻子发黑，医生说血管栓塞皮肤坏死", "L3", "medical_complication", "grave_harm"),
        ("做之前没有人跟我说过有风险，也没签同意书", "L2", "candour_risk", "risk_skipped"),
        ("咨询师保证效果自然不留疤，结果根本不是", "L2", "candour_promise", "over_promise"),
        ("承诺零风险永久有效，完全是虚假宣传", "L2", "candour_promise", "over_promise"),
        ("未经我同意把我的照片当案例给别的顾客看", "L2", "candour_photo", "photo_used"),
        ("擅自把我的对比图发到小红书做广告", "L3", "candour_photo", "photo_published"),
        ("每次来都要重新说一遍需求，换了三个咨询师", "L1", "service_repeat", "no_harm_found"),
        ("我是VIP客户，约好两点结果等了一个小时", "L1", "service_wait", "no_harm_found"),
        ("埋线做完效果不明显，跟模拟的完全不一样", "L1", "medical_result", "no_harm_found"),
        ("再不给说法我就找律师起诉你们", "L2", None, "legal_action_announced"),
        ("已经向卫健委投诉你们了", "L3", None, "regulator_report"),
        ("Nobody told me about the risks of the filler", "L2", "candour_risk", "risk_skipped"),
    ],
)
async def test_the_words_decide_level_and_category_of_an_aesthetic_complaint(
    host: PluginHost, text: str, severity: str, category: str | None, reason: str
) -> None:
    found = await judged(host, text)
    assert found is not None
    assert found.severity == severity
    assert reason in {one.code for one in found.reasons}
    if category is not None:
        assert found.category == f"aesthetics.{category}"
    assert all(text[quote.start : quote.end] == quote.text for quote in found.quotes)


@pytest.mark.parametrize(
    "text",
    [
        "没有感染也没有发炎，就是咨询师态度不好",
        "担心会感染，前台态度还很敷衍",
        "请问做双眼皮会不会留疤，问了半天没人回消息",
        "听说别家有人毁容了，你们这边就是等太久",
        "术后有点红肿医生说是正常现象，就是态度敷衍",
    ],
)
async def test_what_is_denied_feared_asked_or_of_others_is_no_harm_in_aesthetics(host: PluginHost, text: str) -> None:
    found = await judged(host, text)
    assert found is not None
    assert found.severity == "L1", found.reasons


async def test_a_pet_or_a_parcel_is_left_to_other_verticals(host: PluginHost) -> None:
    assert await judged(host, "猫绝育完伤口感染流脓") is None
    assert await judged(host, "快递包裹发炎红肿") is None
    assert await judged(host, "今天天气不错") is None
    assert await judged(host, "我家猫抓伤了脸，双眼皮刚做完感染了") is not None
    assert await judged(host, "感染了", category="petclinic.medical_outcome") is None
    chosen = await judged(host, "请处理", category="aesthetics.candour_risk")
    assert chosen is not None
    assert chosen.severity == "L2"


async def test_a_notice_of_an_authority_about_a_clinic_of_aesthetics_is_grave(host: PluginHost) -> None:
    found = await judged(host, "费用没说清", channel="regulator")
    assert found is not None
    assert found.severity == "L3"


def test_the_five_matters_of_the_document_are_categories(host: PluginHost) -> None:
    """complaints.yaml categories.aesthetics: 过度承诺效果, 跳过风险告知, 重复解释需求, VIP等待超标, 术后并发症."""
    labels = {localized(one.value.label, "zh-CN") for one in clinic(host).declared(complaint_categories)}
    assert {"过度承诺效果", "跳过风险告知", "重复解释需求", "VIP等待超标", "术后并发症"} <= labels


def test_the_levels_keep_the_pet_hospitals_minutes_as_a_default_that_says_so(host: PluginHost) -> None:
    """complaints.yaml between [aes, none]: the source gives no deadline, the default is the pet hospital's."""

    def minutes(name: str) -> dict[tuple[str, str], int]:
        return {
            (one.value.severity, milestone.id): milestone.minutes
            for one in host.for_tenant(A, next(EPOCHS), {name: {}}).declared(complaint_policies)
            for milestone in one.value.milestones
            if milestone.minutes is not None
        }

    ours, theirs = minutes("aesthetics"), minutes("petclinic")
    shared = set(ours) & set(theirs)
    assert {key: ours[key] for key in shared} == {key: theirs[key] for key in shared}
    assert ours[("L1", "ack_contact")] == 30
    assert ours[("L1", "corrective_measure")] == 24 * 60
    assert ours[("L2", "joint_verification_start")] == 120
    assert ours[("L2", "face_to_face_meeting")] == 48 * 60
    assert ours[("L3", "leader_on_site")] == 10
    assert ours[("L3", "internal_hearing")] == 24 * 60
    for one in clinic(host).declared(complaint_policies):
        assert "default" in one.value.source


def test_empathy_comes_first_and_five_dos_and_three_donts_are_numbered(host: PluginHost) -> None:
    scripts = [one.value for one in clinic(host).declared(complaint_scripts)]
    assert scripts[0].id == "aesthetics.empathy_first"
    standard = next(one for one in scripts if one.id == "aesthetics.standard_check")
    lines = localized(standard.note, "zh-CN").splitlines()[1:]
    assert sum(". 要" in line for line in lines) == 5
    assert sum(". 不要" in line for line in lines) == 3
    assert {one.value.id for one in clinic(host).declared(complaint_remedies)} == {
        f"aesthetics.{name}" for name in ("recheck", "repair", "refund", "care_kit")
    }


def test_the_forbidden_words_of_the_law_are_in_the_lexicon_with_their_article(host: PluginHost) -> None:
    """law.yaml risk_phrase_starter.aesthetics and .medical, 广告法第十六条 and 第九条, 医疗美容广告执法指南."""
    rules = [one.value for one in clinic(host).declared(complaint_wording)]
    words = {word for rule in rules for word in rule.words}
    assert {"零风险", "永久", "保证效果", "安全无副作用"} <= words
    assert {"根治", "不反弹", "无毒副作用", "无效退款", "治愈率", "有效率", "药到病除", "百分百"} <= words
    assert {"最佳", "国家级"} <= words
    by_id = {rule.id.removeprefix("aesthetics."): rule.source for rule in rules}
    assert "第十六条" in by_id["guarantee"]
    assert "执法指南" in by_id["before_after"]
    assert all(rule.source for rule in rules)
