"""Members of the supplement shop: tiers with the nutritionist's hours, festivals for elders, the check-up season."""

import itertools
from datetime import date
from typing import Any

import pytest

from core.errors import InvalidInput
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.loyalty.offers import Campaign, CouponTemplate, DayWindow, FestivalWindow, Goodwill
from core.hooks.records.loyalty.parts import FreeService
from core.hooks.records.loyalty.program import Program
from core.hooks.specs.loyalty import loyalty_programs
from core.programs.rules.checks import check
from core.programs.rules.facts import Facts, Service
from core.visits.rules.prices import CATEGORIES
from tenants.roles import ROLES
from tests.plugins.conftest import A

EPOCHS = itertools.count(1)
FACTS = Facts(
    today=date(2026, 11, 23),
    services=tuple(Service(code=one, label=one, price_fen=10_000) for one in ("S-NUTRITION", "S-BONE", "S-CONSULT")),
    categories=tuple((code, code) for code in CATEGORIES),
    roles=tuple((code, code) for code in ROLES),
    subject_types=(("supplements.member", "家庭成员"),),
)


@pytest.fixture(scope="module")
def host() -> PluginHost:
    return PluginHost.load([Candidate("supplements", "plugins.supplements:plugin")], strict=True)


def members(host: PluginHost, **settings: Any) -> Program:
    on = host.for_tenant(A, next(EPOCHS), {"supplements": settings})
    return on.declared(loyalty_programs)[0].value


def services(program: Program, tier: str) -> dict[str, FreeService]:
    assert program.ladder is not None
    found = next(one for one in program.ladder.tiers if one.code == tier)
    return {one.service: one for one in found.benefits if isinstance(one, FreeService)}


def test_a_tenant_with_the_services_priced_can_publish_it(host: PluginHost) -> None:
    assert [one for one in check(members(host), FACTS) if one.severity == "error"] == []


def test_tiers_give_what_the_document_gives_and_keep_what_is_below(host: PluginHost) -> None:
    """supp.tier.levels: 免费咨询; 每月1次营养师1对1指导; 年度骨密度检测优惠."""
    program = members(host)
    assert program.ladder is not None
    assert [one.code for one in program.ladder.tiers] == ["normal", "silver", "gold"]
    assert set(services(program, "normal")) == {"S-CONSULT"}
    session = services(program, "silver")["S-NUTRITION"]
    assert (session.quota, session.period, session.carry_over) == (1, "month", False)
    gold = services(program, "gold")
    assert set(gold) == {"S-CONSULT", "S-NUTRITION", "S-BONE"}
    assert (gold["S-BONE"].quota, gold["S-BONE"].period) == (1, "year")
    assert gold["S-BONE"].pay_percent > 0, "a lower price, not a present"


def test_what_the_document_leaves_open_is_the_tenants(host: PluginHost) -> None:
    program = members(host, silver_yuan=300, gold_yuan=900, quota_carries_over=True, bone_density_percent=80)
    assert program.ladder is not None
    assert [one.min_fen for one in program.ladder.tiers] == [0, 300_00, 900_00]
    assert services(program, "silver")["S-NUTRITION"].carry_over
    assert services(program, "gold")["S-BONE"].pay_percent == 80
    with pytest.raises(InvalidInput):
        host.check_settings("supplements", {"silver_yuan": 900, "gold_yuan": 900})
    with pytest.raises(InvalidInput):
        host.check_settings("supplements", {"agent_limit_yuan": 2000})
    with pytest.raises(InvalidInput):
        host.check_settings("supplements", {"effect_days": ["30", "30"]})


def test_festivals_are_lunar_and_for_elders_and_the_season_asks_for_reports(host: PluginHost) -> None:
    """supp.care.festivals: 重阳节, 春节 (lunar) for 中老年用户; 体检季: 体检报告解读."""
    campaigns = {one.id: one for one in members(host).live(Campaign)}
    for name, festival in (("double_ninth", "double_ninth"), ("spring_festival", "spring")):
        (window,) = campaigns[name].windows
        assert isinstance(window, FestivalWindow)
        assert window.festival == festival
        assert campaigns[name].when is not None
    (season,) = campaigns["checkup_season"].windows
    assert isinstance(season, DayWindow)
    assert campaigns["checkup_season"].when is None
    assert "checkup_season" not in {one.id for one in members(host, checkup_season_months=()).live(Campaign)}


def test_two_plus_one_is_a_coupon_for_who_passed_the_questionnaire(host: PluginHost) -> None:
    coupons = {one.id: one for one in members(host).live(CouponTemplate)}
    assert coupons["buy2get1"].uses == 1
    assert coupons["monitoring"].gift == "monitoring"


def test_an_agent_gives_back_alone_up_to_the_tenants_limit(host: PluginHost) -> None:
    """R25: 客服可直接退款/补发; limits_stated_in_any_seed: none."""
    (goodwill,) = members(host, agent_limit_yuan=100).live(Goodwill)
    assert {one.role: one.max_fen for one in goodwill.limits} == {
        "front_desk": 100_00,
        "service_supervisor": 1000_00,
        "team_leader": 1000_00,
        "director": 10_000_00,
    }
