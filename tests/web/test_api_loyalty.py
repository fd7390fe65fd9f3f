"""Loyalty for a chain's own programmes: every operation once per key, refused in the words of replay, numbers as numbers."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from jinja2 import Environment
from litestar import Litestar

from core.bus import Bus
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.db import Database
from core.hooks.host import PluginHost
from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, Lifetime, Redeem
from core.settings import Settings
from tenants.passwords import Passwords
from tenants.work import Workplace
from tests.rewards import FIFTY, LADDER, put_program
from tests.web.api_client import Programme, new_token, programme
from tests.workplaces import MovableClock, TestTenant, open_tenant
from web.app import create_app
from workers.embedded.postgres import Dsns

EARN = EarnRate(id="earn", per_fen=1_00, points=1, exclude_categories=("drug",), lifetime=Lifetime(months=1))
VISIT = EarnEvent(id="hello", event="check_in", points=5, limit=1, period="day")
PAY = Redeem(id="pay", fen_per_point=10, step=10, min_points=20, max_percent=50)
ONE = CouponTemplate(id="one", label="券", amount_fen=5_00, per_customer_limit=1, min_spend_fen=20_00)


@pytest.fixture
async def chain(tenant_a: TestTenant) -> TestTenant:
    await put_program(tenant_a, LADDER, EARN, VISIT, PAY, FIFTY, ONE)
    return tenant_a


@pytest.fixture
async def till(app: Litestar, chain: TestTenant) -> Programme:
    return programme(app, await new_token(chain))


@pytest.fixture
async def member(chain: TestTenant) -> UUID:
    async with chain.unit() as uow:
        return await add_customer(uow, draft=CustomerDraft(full_name="王小美"))


@pytest.fixture
async def storm(
    settings: Settings,
    templates: Environment,
    new_database: Callable[[], Dsns],
    bus: Bus,
    plugin_host: PluginHost,
    clock: MovableClock,
    passwords: Passwords,
) -> AsyncIterator[tuple[TestTenant, Programme]]:
    """A chain in a database of its own, with sixteen connections: only there things happen at once."""
    workplace = Workplace(Database(new_database().app, pool_size=16), bus, plugin_host, clock)
    app = create_app(settings, clock=clock, workplace=workplace, passwords=passwords, templates=templates)
    try:
        tenant = await open_tenant(workplace, passwords, "storm", "风暴")
        await put_program(tenant, LADDER, EARN, PAY, ONE)
        async with app.lifespan():
            yield tenant, programme(app, await new_token(tenant))
    finally:
        await workplace.database.dispose()


async def _send(till: Programme, member: UUID, path: str, key: str = "", **body: Any) -> httpx.Response:
    headers = {"idempotency-key": key} if key else {}
    return await till.post(f"/customers/{member}/{path}", json=body, headers=headers)


async def _account(till: Programme, member: UUID) -> Mapping[str, Any]:
    answer = await till.get(f"/customers/{member}/account")
    assert answer.status_code == 200
    found: Mapping[str, Any] = answer.json()
    return found


def _code(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"].removeprefix("urn:anxin:problem:"))


def _field(answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 422, answer.text
    first = answer.json()["errors"][0]
    return first["path"], first["code"]


async def test_a_customer_is_found_by_phone_or_written_down_once(till: Programme) -> None:
    person = {"phone": "138 0013 8000", "full_name": "王小明"}
    first, second = await till.post("/customers", json=person), await till.post("/customers", json=person)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert _field(await till.post("/customers", json=person | {"phone": "12"})) == ("phone", "bad-phone")


async def test_a_purchase_earns_by_its_lines_once_per_key(till: Programme, member: UUID) -> None:
    body = {"fen": 600_99, "lines": [{"fen": 500_99, "category": "surgery"}, {"fen": 100_00, "category": "drug"}]}
    done = await _send(till, member, "purchases", key="bill-1", **body)
    assert done.status_code == 201, done.text
    told = done.json()
    assert (told["paid_fen"], told["points"], told["tier_change"]) == (
        600_99,
        500,
        {"before": "normal", "after": "silver"},
    )
    assert told["account"]["balance"] == 500
    again = await _send(till, member, "purchases", key="bill-1", **body)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    assert again.json()["points"] == 500
    other = await _send(till, member, "purchases", key="bill-1", fen=1_00)
    assert (other.status_code, _code(other)) == (409, "key-reused")
    in_body = await _send(till, member, "purchases", fen=1_00, key_="x")
    assert _field(in_body) == ("key_", "unknown-field")
    account = await _account(till, member)
    assert (account["tier"], account["spent_fen"], account["pay_percent"]) == ("silver", 600_99, 90)
    assert account["next_tier"] == {"tier": "gold", "missing": 1399_01, "unit": "fen"}


async def test_the_key_may_stand_in_the_body_and_must_not_contradict_the_header(till: Programme, member: UUID) -> None:
    path = f"/customers/{member}/points/grant"
    assert (await till.post(path, json={"points": 5, "key": "k"})).status_code == 201
    again = await till.post(path, json={"points": 5}, headers={"idempotency-key": "k"})
    assert again.status_code == 200
    assert _field(await till.post(path, json={"points": 5})) == ("key", "required")
    assert _field(await till.post(path, json={"points": 5, "key": "ein Schlüssel"})) == ("key", "bad-once-key")
    differ = await till.post(path, json={"points": 5, "key": "a"}, headers={"idempotency-key": "b"})
    assert _field(differ) == ("key", "key-differs")


async def test_keys_of_two_programmes_never_meet(
    app: Litestar, chain: TestTenant, till: Programme, member: UUID
) -> None:
    other = programme(app, await new_token(chain))
    for one in (till, other):
        assert (await _send(one, member, "points/grant", key="same", points=10)).status_code == 201
    assert (await _account(till, member))["balance"] == 20
    entries = (await till.get(f"/customers/{member}/entries")).json()["entries"]
    assert [entry["key"] == "same" for entry in entries] == [False, True]


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("purchases", {"fen": "100"}, ("fen", "fen-not-whole")),
        ("purchases", {"fen": 10.5}, ("fen", "fen-not-whole")),
        ("purchases", {}, ("fen", "fen-not-whole")),
        ("purchases", {"fen": 0}, ("fen", "fen-not-positive")),
        ("purchases", {"fen": 10**12}, ("fen", "fen-too-large")),
        ("purchases", {"fen": 100, "lines": [{"fen": 99}]}, ("lines", "lines-differ")),
        ("purchases", {"fen": 100, "lines": [{"fen": "x"}]}, ("lines[0].fen", "fen-not-whole")),
        ("purchases", {"fen": 100, "occurred_at": "yesterday"}, ("occurred_at", "bad-time")),
        ("purchases", {"fen": 100, "occurred_at": "2999-01-01"}, ("occurred_at", "in-the-future")),
        ("points/grant", {"points": "100"}, ("points", "points-not-whole")),
        ("points/grant", {"points": 1.5}, ("points", "points-not-whole")),
        ("points/grant", {"points": True}, ("points", "points-not-whole")),
        ("points/grant", {"points": -1}, ("points", "points-not-positive")),
        ("points/grant", {"points": 2 * 10**9}, ("points", "points-too-large")),
        ("points/grant", {"points": 10**400}, ("points", "max")),
        ("points/redeem", {"points": "20"}, ("points", "points-not-whole")),
        ("points/redeem", {"points": 0}, ("points", "points-not-positive")),
        ("refunds", {"of": "none", "fen": -1}, ("fen", "fen-not-positive")),
        ("refunds", {}, ("of", "key-or-id")),
        ("tier", {"tier": "platinum", "until": "2999-01-01", "reason": "x"}, ("tier", "unknown-tier")),
        ("tier", {"tier": "gold", "until": "2000-01-01", "reason": "x"}, ("until", "bad-pin")),
    ],
)
async def test_what_cannot_be_is_422_and_names_the_field(
    till: Programme, member: UUID, path: str, body: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert _field(await _send(till, member, path, key="k", **body)) == problem
    assert (await till.get(f"/customers/{member}/entries")).json()["entries"] == []


async def test_refunds_take_back_in_proportion_and_never_more_than_was_paid(till: Programme, member: UUID) -> None:
    await _send(till, member, "purchases", key="bill", fen=100_00)
    half = await _send(till, member, "refunds", key="r1", of="bill", fen=33_33)
    assert (half.status_code, half.json()["points"], half.json()["account"]["balance"]) == (201, -33, 67)
    again = await _send(till, member, "refunds", key="r1", of="bill", fen=33_33)
    assert (again.status_code, again.json()["account"]["balance"]) == (200, 67)
    more = await _send(till, member, "refunds", key="r2", of="bill", fen=66_68)
    assert (more.status_code, _code(more)) == (409, "refund-too-large")
    assert (await _send(till, member, "refunds", key="r3", of="bill")).json()["account"]["balance"] == 0
    assert _code(await _send(till, member, "refunds", key="r4", of="bill")) == "nothing-to-refund"
    unknown = await _send(till, member, "refunds", key="r5", of="no-such-bill")
    assert (unknown.status_code, _code(unknown)) == (404, "unknown-purchase")


async def test_a_purchase_of_somebody_else_is_unknown(till: Programme, chain: TestTenant, member: UUID) -> None:
    async with chain.unit() as uow:
        other = await add_customer(uow, draft=CustomerDraft(full_name="李四"))
    theirs = (await _send(till, other, "purchases", key="theirs", fen=100_00)).json()["purchase_id"]
    for named in ({"of": "theirs"}, {"purchase_id": theirs}, {"purchase_id": str(uuid4())}):
        answer = await _send(till, member, "refunds", key="r", **named)
        assert (answer.status_code, _code(answer)) == (404, "unknown-purchase")


async def test_points_pay_in_steps_from_a_minimum_for_a_part_of_the_bill(till: Programme, member: UUID) -> None:
    await _send(till, member, "points/grant", key="g", points=100)
    quote = (await till.get(f"/customers/{member}/points/quote", params={"bill_fen": 10_00})).json()
    assert (quote["points"], quote["fen"], quote["refusal"]) == (50, 500, None)
    for body, code in (
        ({"points": 25, "bill_fen": 10_00}, "not-whole-steps"),
        ({"points": 10, "bill_fen": 10_00}, "below-minimum"),
        ({"points": 60, "bill_fen": 10_00}, "above-bill-share"),
        ({"points": 110, "bill_fen": 100_00}, "not-enough-points"),
    ):
        refused = await _send(till, member, "points/redeem", key="x", **body)
        assert (refused.status_code, _code(refused)) == (409, code)
        told = (await till.get(f"/customers/{member}/points/quote", params=body)).json()
        assert told["refusal"] == code
    done = await _send(till, member, "points/redeem", key="pay", points=999, bill_fen=10_00, clamp=True)
    assert (done.json()["points"], done.json()["fen"], done.json()["account"]["balance"]) == (-50, 500, 50)
    back = await _send(till, member, "points/give-back", key="b", of="pay", points=20)
    assert (back.status_code, back.json()["points"], back.json()["account"]["balance"]) == (201, 20, 70)
    assert (await _send(till, member, "points/give-back", key="b2", of="pay")).json()["account"]["balance"] == 100
    assert _code(await _send(till, member, "points/give-back", key="b3", of="pay")) == "nothing-to-give-back"
    assert _code(await _send(till, member, "points/give-back", key="b4", of="nobody")) == "unknown-redemption"


async def test_a_day_without_an_offset_is_the_chains_own_day(
    till: Programme, member: UUID, clock: MovableClock
) -> None:
    clock.instant = datetime(2027, 4, 10, tzinfo=UTC)
    await _send(till, member, "purchases", key="a", fen=10_00, occurred_at="2027-03-31T16:30:00Z")
    await _send(till, member, "purchases", key="b", fen=20_00, occurred_at="2027-04-01T00:30:00")
    await _send(till, member, "purchases", key="c", fen=40_00, occurred_at="2027-03-31")
    lots = (await _account(till, member))["lots"]
    ends = sorted((lot["expires_at"], lot["earned"]) for lot in lots)
    assert ends == [("2027-04-30T16:00:00Z", 40), ("2027-05-01T16:00:00Z", 10), ("2027-05-01T16:00:00Z", 20)]


async def test_points_that_ended_are_gone_whether_the_night_came_or_not(
    till: Programme, member: UUID, clock: MovableClock
) -> None:
    await _send(till, member, "purchases", key="a", fen=10_00)
    assert (await _account(till, member))["next_expiry"]["points"] == 10
    clock.advance(days=32)
    account = await _account(till, member)
    assert (account["balance"], account["next_expiry"], account["lots"]) == (0, None, [])
    refused = await _send(till, member, "points/redeem", key="x", points=20)
    assert _code(refused) == "not-enough-points"


async def test_an_event_earns_as_often_as_its_rule_says(till: Programme, member: UUID) -> None:
    first = await _send(till, member, "events", key="e1", event="check_in")
    assert (first.status_code, first.json()["points"]) == (201, 5)
    assert (await _send(till, member, "events", key="e1", event="check_in")).status_code == 200
    assert _code(await _send(till, member, "events", key="e2", event="check_in")) == "event-limit"
    assert _code(await _send(till, member, "events", key="e3", event="nothing")) == "no-event-rule"


async def test_a_pinned_tier_counts_at_once(till: Programme, member: UUID, clock: MovableClock) -> None:
    until = (clock() + timedelta(days=9)).date().isoformat()
    done = await _send(till, member, "tier", tier="gold", until=until, reason="老客户")
    assert (done.status_code, done.json()["account"]["tier"]) == (200, "gold")
    assert done.json()["account"]["tier_until"] == until


async def test_a_coupon_goes_from_issue_to_redemption_and_back(till: Programme, member: UUID) -> None:
    issued = await _send(till, member, "coupons", key="c", template="one")
    assert issued.status_code == 201, issued.text
    code = issued.json()["code"]
    assert (await _send(till, member, "coupons", key="c", template="one")).json()["code"] == code
    assert _code(await _send(till, member, "coupons", key="c2", template="one")) == "customer-limit"
    assert _code(await _send(till, member, "coupons", key="c3", template="none")) == "unknown-template"
    small = await till.post("/coupons/check", json={"code": code, "customer_id": str(member), "fen": 19_99})
    assert small.json()["refusal"] == "coupon-below-minimum"
    bill = {"code": code.lower(), "customer_id": str(member), "fen": 50_00}
    fits = (await till.post("/coupons/check", json=bill)).json()
    assert (fits["off_fen"], fits["refusal"]) == (5_00, None)
    used = await till.post("/coupons/redeem", json=bill, headers={"idempotency-key": "u"})
    assert (used.status_code, used.json()["off_fen"], used.json()["coupon"]["state"]) == (201, 5_00, "used")
    assert (await till.post("/coupons/redeem", json=bill, headers={"idempotency-key": "u"})).status_code == 200
    refused = await till.post("/coupons/redeem", json=bill, headers={"idempotency-key": "v"})
    assert (refused.status_code, _code(refused)) == (409, "coupon-used")
    back = await till.post("/coupons/give-back", json={"of": "u", "key": "w"})
    assert back.json()["state"] == "open"
    void = await till.post("/coupons/void", json={"code": code, "reason": "印错了"})
    assert void.json()["state"] == "void"
    listed = (await till.get(f"/customers/{member}/coupons")).json()["coupons"]
    assert [one["state"] for one in listed] == ["void"]
    assert (await till.get(f"/coupons/{listed[0]['id']}")).json()["code"] == code
    unknown = await till.post("/coupons/check", json=bill | {"code": "nobody"})
    assert (unknown.status_code, _code(unknown)) == (409, "unknown-coupon")


async def test_s20_s21_sixteen_at_once_give_spend_and_redeem_once(storm: tuple[TestTenant, Programme]) -> None:
    tenant, till = storm
    async with tenant.unit() as uow:
        member = await add_customer(uow, draft=CustomerDraft(full_name="王小美"))
    given = await asyncio.gather(*(_send(till, member, "points/grant", key="k", points=50) for _ in range(16)))
    assert sorted(answer.status_code for answer in given) == [200] * 15 + [201]
    spent = await asyncio.gather(*(_send(till, member, "points/redeem", key=f"r{n}", points=20) for n in range(16)))
    assert sorted(answer.status_code for answer in spent) == [201] * 2 + [409] * 14
    assert (await _account(till, member))["balance"] == 10
    code = (await _send(till, member, "coupons", key="c", template="one")).json()["code"]
    bill = {"code": code, "customer_id": str(member), "fen": 50_00}
    tries = (till.post("/coupons/redeem", json=bill, headers={"idempotency-key": f"u{n}"}) for n in range(16))
    assert sorted([answer.status_code for answer in await asyncio.gather(*tries)]) == [201] + [409] * 15


async def test_entries_go_on_from_page_to_page(till: Programme, member: UUID) -> None:
    for number in range(5):
        await _send(till, member, "points/grant", key=f"g{number}", points=number + 1, reason="开业")
    first = (await till.get(f"/customers/{member}/entries", params={"limit": 3})).json()
    assert [entry["points"] for entry in first["entries"]] == [5, 4, 3]
    rest = (await till.get(f"/customers/{member}/entries", params={"limit": 3, "after": first["next"]})).json()
    assert [entry["points"] for entry in rest["entries"]] == [2, 1]
    assert rest["next"] is None
    assert rest["entries"][0]["key"] == "g1"
    bad = await till.get(f"/customers/{member}/entries", params={"limit": 0})
    assert _field(bad) == ("limit", "min")


async def test_s48_fields_that_no_body_has_are_refused(till: Programme, member: UUID) -> None:
    for path, body in (
        ("purchases", {"fen": 1}),
        ("points/grant", {"points": 1}),
        ("points/redeem", {"points": 20}),
        ("coupons", {"template": "one"}),
        ("events", {"event": "check_in"}),
    ):
        for surplus in ({"rule_version": "x"}, {"actor_name": "x"}, {"tenant_id": str(uuid4())}, {"kind": "goodwill"}):
            answer = await _send(till, member, path, key="k", **body, **surplus)
            assert _field(answer) == (next(iter(surplus)), "unknown-field")


async def test_a_case_is_played_under_its_own_program_or_the_one_in_force(till: Programme) -> None:
    program = (await till.get("/loyalty/program")).json()["program"]
    events = [
        {"type": "purchase", "at": "2026-01-31T10:00:00+08:00", "key": "a", "fen": 600_00},
        {"type": "redeem", "at": "2026-02-01", "points": 25},
        {"type": "tick", "at": "2026-03-01"},
    ]
    for case in ({"events": events}, {"program": program, "tz": "Asia/Shanghai", "events": events}):
        answer = await till.post("/loyalty/replay", json=case)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["account"]["balance"], told["account"]["tier"]) == (0, "silver")
        assert "not-whole-steps" in str(told["events"][1])
    for bad, path in (({"events": "x"}, "events"), ({"program": {"rules": 1}}, "program"), ({"tz": "Mars"}, "tz")):
        refused = await till.post("/loyalty/replay", json=bad)
        assert (refused.status_code, refused.json()["errors"][0]["path"].partition(".")[0]) == (422, path)
    assert (await till.post("/loyalty/replay", json=[])).status_code == 422
    assert (await till.post("/loyalty/replay", json={"events": [{}] * 2001})).status_code == 422


async def test_every_example_of_the_manual_works_as_it_stands(till: Programme) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "guides" / "api.md").read_text().partition("## Loyalty")[2]
    known = {"id": "", "code": "", "entry": ""}
    tried = 0
    for example in re.findall(r"```\n(.*?)```", manual, re.DOTALL):
        block = re.sub(r"\{(id|code|entry)\}", lambda found: known[found[1]], example)
        calls = re.findall(r"curl https://anxin.example/api/v1(\S+)", block)
        for path in calls:
            assert (
                await till.get(path.replace("after=", "unused=") if "after=" in path else path)
            ).status_code == 200, path
        if block.startswith("POST /api/v1"):
            head, _, body = block.partition("\n")
            answer = await till.post(head.removeprefix("POST /api/v1"), json=json.loads(body))
            assert answer.status_code in {200, 201}, f"{head}: {answer.text}"
            known["id"] = known["id"] or answer.json().get("id", "")
            known["code"] = answer.json().get("code", known["code"])
            calls = [head]
        tried += len(calls)
    assert tried > 15
