"""The pages of the loyalty rules: who may what, a rule changed and published by hand, and two people on one draft."""

import html
import io
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from python_calamine import CalamineWorkbook

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.hooks.records.loyalty.points import TierLadder
from core.hooks.records.loyalty.program import Program
from core.loyalty.actions import record_purchase
from core.programs.choosing import set_second_approver
from core.programs.queries import get_draft, get_ladder, get_program, list_versions
from core.programs.rules.parts_of import services_of
from core.visits.rules.prices import Item
from tests.programs import open_clinic
from tests.visits import publish_items
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    """A clinic whose 王小美 has spent 550 yuan, so that silver from 600 would miss her."""
    await open_clinic(tenant_a)
    async with tenant_a.unit() as uow:
        program = await get_program(uow)
        assert program is not None
        codes = {code for rule in program.rules for _, code in services_of(rule)}
        await publish_items(
            uow, [Item(code=code, name_zh=code, category="examination", price_fen=198_00) for code in sorted(codes)]
        )
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="王小美"))
        await record_purchase(uow, customer_id=customer_id, fen=550_00, key="k1")
    return tenant_a


def inputs(page: httpx.Response, form: str = "rule-form") -> dict[str, Any]:
    """A form as a browser without script would send it."""
    text = page.text.split(f'id="{form}"')[1].split("</form>")[0]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]+>", text):
        names = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        ticked = names.get("type") not in {"checkbox", "radio"} or " checked" in tag
        if names.get("name", "_csrf") != "_csrf" and ticked:
            sent.setdefault(names["name"], []).append(html.unescape(names.get("value", "")))
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body) or re.search(r'value="([^"]*)"', body)
        sent.setdefault(name, []).append(html.unescape(chosen[1]) if chosen else "")
    for name, words in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', text):
        sent.setdefault(name, []).append(html.unescape(words))
    return {name: texts if len(texts) > 1 else texts[0] for name, texts in sent.items()}


async def draft_of(tenant: TestTenant) -> Program:
    async with tenant.workplace.reading(tenant.id) as reader:
        draft = await get_draft(reader)
    assert draft is not None
    return draft.program


def silver(program: Program) -> int:
    assert program.ladder is not None
    return next(tier.min_fen for tier in program.ladder.tiers if tier.code == "silver")


async def save_silver(browser: Browser, slug: str, yuan: str) -> httpx.Response:
    page = await browser.get(f"/t/{slug}/programs/draft/rules/tiers")
    sent = inputs(page) | {"tiers-1.min_fen": yuan, "do": "save"}
    return await browser.send_form(f"/t/{slug}/programs/draft/editor", sent)


async def test_the_desk_reads_the_rules_and_changes_nothing(client: Client, clinic: TestTenant) -> None:
    browser = await client("front_desk")
    root = f"/t/{clinic.slug}/programs"
    page = await browser.get(root)
    assert page.status_code == 200, page.text[-2000:]
    assert "10 % off" in page.text
    assert "Change the rules" not in page.text
    assert (await browser.get(f"{root}/versions")).status_code == 200
    for path in (
        "/draft",
        "/draft/new",
        "/draft/changes",
        "/draft/try",
        "/draft/effect",
        "/draft/publish",
        "/approval",
    ):
        assert (await browser.get(root + path)).status_code == 403, path
    assert (await browser.send_form(f"{root}/draft/editor", {"_kind": "redeem"})).status_code == 403


async def test_without_a_plugin_the_page_says_how_to_begin(client: Client, tenant_a: TestTenant) -> None:
    browser = await client("director")
    page = await browser.get(f"/t/{tenant_a.slug}/programs")
    assert "No plugin brings a loyalty program" in page.text
    assert (await browser.get(f"/t/{tenant_a.slug}/programs/draft")).status_code == 409


async def test_every_rule_of_the_clinic_saves_unchanged_as_it_was(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    root = f"/t/{clinic.slug}/programs/draft"
    shown = await browser.get(root)
    ids = re.findall(r'id="rule-([a-z0-9_-]+)"', shown.text)
    assert len(ids) > 8
    for rule_id in ids:
        page = await browser.get(f"{root}/rules/{rule_id}")
        assert page.status_code == 200, rule_id
        sent = inputs(page) | {"do": "save"}
        answer = await browser.send_form(f"{root}/editor", sent)
        assert answer.status_code == 303, (rule_id, re.findall(r"field-error[^>]*>.*?<span>(.*?)</span>", answer.text))
    async with clinic.workplace.reading(clinic.id) as reader:
        assert await get_draft(reader) is None


async def test_a_new_rule_of_every_kind_has_a_form(client: Client, clinic: TestTenant) -> None:
    browser = await client("tenant_admin")
    root = f"/t/{clinic.slug}/programs/draft"
    gallery = await browser.get(f"{root}/new")
    kinds = re.findall(r'id="new-([a-z_]+)"', gallery.text)
    assert len(kinds) == 13
    for kind in kinds:
        page = await browser.get(f"{root}/new/{kind}")
        assert page.status_code == 200, kind
        looked = await browser.send_form(f"{root}/editor", inputs(page) | {"do": "look"})
        assert looked.status_code == 200, kind
    assert (await browser.get(f"{root}/new/nothing")).status_code == 404


async def test_a_slip_keeps_everything_typed_and_says_what_to_do(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    root = f"/t/{clinic.slug}/programs/draft"
    page = await browser.get(f"{root}/rules/tiers")
    sent = inputs(page) | {
        "tiers-1.min_fen": "五百",
        "tiers-1.label_zh": "白银会员",
        "tiers-1.benefits-0.pay_percent": "9",
    }
    answer = await browser.send_form(f"{root}/editor", sent | {"do": "save"})
    assert answer.status_code == 422
    for words in ("五百", "白银会员", "Type an amount in yuan, such as 500", "type 90", 'href="#f-tiers-1-min_fen"'):
        assert words in answer.text, words
    assert (await browser.send_form(f"{root}/editor", sent | {"hack": "x"})).status_code == 422
    assert (await browser.send_form(f"{root}/editor", {"_kind": "nothing"})).status_code == 422


async def test_rows_are_added_by_buttons_without_script(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    root = f"/t/{clinic.slug}/programs/draft"
    page = await browser.get(f"{root}/rules/tiers")
    page = await browser.send_form(f"{root}/editor", inputs(page) | {"do": "add|tiers|"})
    page = await browser.send_form(
        f"{root}/editor", inputs(page) | {"tiers-3.label_zh": "钻石会员", "tiers-3.min_fen": "5000", "do": "look"}
    )
    assert "钻石会员" in page.text.split('id="sentence"')[1]
    page = await browser.send_form(f"{root}/editor", inputs(page) | {"do": "tiers-3.when/add:0"})
    page = await browser.send_form(
        f"{root}/editor", inputs(page) | {"tiers-3.when/field_0-0": "spent_365d", "do": "look"}
    )
    sent = inputs(page) | {"tiers-3.when/value_0-0": "1000", "do": "save"}
    assert (await browser.send_form(f"{root}/editor", sent)).status_code == 303
    ladder = (await draft_of(clinic)).ladder
    assert ladder is not None
    assert [tier.code for tier in ladder.tiers] == ["normal", "silver", "gold", "tier_1"]
    assert ladder.tiers[3].when is not None


async def test_a_rule_is_copied_switched_moved_and_removed_with_undo(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    root = f"/t/{clinic.slug}/programs/draft"
    assert (await browser.send_form(f"{root}/rules/tiers/duplicate", {})).status_code == 303
    copy = next(rule for rule in (await draft_of(clinic)).rules if rule.id == "tier_ladder")
    assert isinstance(copy, TierLadder)
    assert not copy.live
    await browser.send_form(f"{root}/rules/{copy.id}/on", {})
    program = await draft_of(clinic)
    assert program.ladder is not None
    assert program.ladder.id == copy.id
    await browser.send_form(f"{root}/rules/{copy.id}/up", {})
    assert (await draft_of(clinic)).rules[0].id == copy.id
    await browser.send_form(f"{root}/rules/{copy.id}/remove", {})
    assert (await draft_of(clinic)).find(copy.id) is None
    undo = re.search(r'action="([^"]+put-back[^"]+)"', (await browser.get(root)).text)
    assert undo is not None
    assert (await browser.send_form(html.unescape(undo[1]), {})).status_code == 303
    assert (await draft_of(clinic)).find(copy.id) == msgspec.structs.replace(copy, live=True)
    assert (await browser.send_form(f"{root}/put-back?rule=nonsense", {})).status_code == 404
    assert (await browser.send_form(f"{root}/rules/tiers/explode", {})).status_code == 404
    await browser.send_form(f"{root}/rules/tiers/reset", {})
    draft = re.search(r'name="revision" value="(\d+)"', (await browser.get(root)).text)
    assert draft is not None
    stale = await browser.send_form(f"{root}/discard", {"revision": "1"})
    assert stale.headers["location"].endswith("/draft")
    await browser.send_form(f"{root}/discard", {"revision": draft[1]})
    async with clinic.workplace.reading(clinic.id) as reader:
        assert await get_draft(reader) is None


async def test_two_people_on_one_rule_are_told_and_nothing_typed_is_lost(client: Client, clinic: TestTenant) -> None:
    mine, theirs = await client("director"), await client("tenant_admin")
    root = f"/t/{clinic.slug}/programs/draft"
    opened = inputs(await mine.get(f"{root}/rules/tiers"))
    other = inputs(await mine.get(f"{root}/rules/birthday")) if "birthday" in (await mine.get(root)).text else None
    assert (await save_silver(theirs, clinic.slug, "650")).status_code == 303
    met = await mine.send_form(f"{root}/editor", opened | {"tiers-1.min_fen": "600", "do": "save"})
    assert met.status_code == 409
    for words in ("Somebody else changed this rule meanwhile", "600 yuan", "650 yuan", 'value="600"', "Keep mine"):
        assert words in met.text, words
    assert silver(await draft_of(clinic)) == 650_00
    assert (await mine.send_form(f"{root}/editor", inputs(met) | {"do": "save"})).status_code == 303
    assert silver(await draft_of(clinic)) == 600_00
    if other is not None:
        # Another rule than the one that was changed meanwhile: there is nothing to decide.
        saved = await mine.send_form(f"{root}/editor", other | {"lead_days": "5", "do": "save"})
        assert saved.status_code == 303


async def test_the_ledger_is_changed_beside_the_rules(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    path = f"/t/{clinic.slug}/programs/draft/ledger"
    opened = inputs(await browser.get(path), "ledger-form")
    assert (await browser.send_form(path, opened | {"give_back_days": "x", "do": "save"})).status_code == 422
    assert (await browser.send_form(path, opened | {"give_back_days": "45", "do": "save"})).status_code == 303
    assert (await draft_of(clinic)).ledger.give_back_days == 45
    stale = await browser.send_form(path, opened | {"give_back_days": "60", "do": "save"})
    assert stale.status_code == 409
    assert 'value="60"' in stale.text


async def test_nothing_is_published_before_its_effect_was_shown(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    root = f"/t/{clinic.slug}/programs"
    page = await browser.get(f"{root}/draft/rules/tiers")
    sent = inputs(page) | {"tiers-1.min_fen": "600", "downgrade": "now", "do": "save"}
    assert (await browser.send_form(f"{root}/draft/editor", sent)).status_code == 303
    assert "600" in (await browser.get(f"{root}/draft/changes")).text
    tried = await browser.get(f"{root}/draft/try")
    assert "王小美" in tried.text
    assert "Falls" in tried.text
    before = await browser.get(f"{root}/draft/publish")
    assert 'id="publish-form"' not in before.text
    early = await browser.send_form(f"{root}/draft/publish", {"revision": "1", "effect": "none"})
    assert early.status_code == 409, early.text[-1500:]
    assert (await browser.send_form(f"{root}/draft/effect", {})).status_code == 303
    effect = await browser.get(f"{root}/draft/effect")
    assert "1 member would fall to a lower tier" in effect.text
    run = re.search(r"/programs/effects/([0-9a-f-]{36})\?", effect.text)
    assert run is not None
    assert "王小美" in (await browser.get(f"{root}/effects/{run[1]}")).text
    book = await browser.get(f"{root}/effects/{run[1]}/book.xlsx")
    people = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_name("People").to_python()
    assert people[1][1] == "王小美"
    ready = await browser.get(f"{root}/draft/publish")
    form = inputs(ready, "publish-form") | {"note": "银卡门槛调整"}
    asked = await browser.send_form(f"{root}/draft/publish", form)
    assert asked.status_code == 409
    assert "银卡门槛调整" in asked.text
    late = await browser.send_form(
        f"{root}/draft/publish", form | {"effective_from": "1999-01-01", "accept_lowering": "true"}
    )
    assert late.status_code == 422
    done = await browser.send_form(f"{root}/draft/publish", form | {"accept_lowering": "true"})
    assert done.status_code == 303, done.text[-2000:]
    shown = await browser.get(done.headers["location"])
    assert "What was promised" in shown.text
    assert "银卡门槛调整" in shown.text
    async with clinic.workplace.reading(clinic.id) as reader:
        ladder = await get_ladder(reader)
        assert ladder is not None
        assert ladder.tiers[1].min_fen == 600_00


async def test_going_back_is_the_same_page_with_the_old_rules(client: Client, clinic: TestTenant) -> None:
    browser = await client("director")
    root = f"/t/{clinic.slug}/programs"
    await save_silver(browser, clinic.slug, "450")
    await browser.send_form(f"{root}/draft/effect", {})
    form = inputs(await browser.get(f"{root}/draft/publish"), "publish-form")
    assert (await browser.send_form(f"{root}/draft/publish", form)).status_code == 303
    back = await browser.get(f"{root}/roll-back/0")
    assert 'id="publish-form"' not in back.text
    await browser.send_form(f"{root}/roll-back/0/effect", {})
    form = inputs(await browser.get(f"{root}/roll-back/0"), "publish-form")
    done = await browser.send_form(f"{root}/roll-back/0", form)
    assert done.status_code == 303, done.text[-2000:]
    async with clinic.workplace.reading(clinic.id) as reader:
        versions = await list_versions(reader)
    assert [(one.number, one.restored_from) for one in versions] == [(2, 0), (1, None)]
    assert (await browser.get(f"{root}/roll-back/9")).status_code == 404
    assert (await browser.get(f"{root}/versions/9")).status_code == 404


async def test_a_second_person_looks_and_approves(client: Client, clinic: TestTenant) -> None:
    author, approver = await client("tenant_admin"), await client("director")
    root = f"/t/{clinic.slug}/programs"
    async with clinic.unit() as uow:
        await set_second_approver(uow, wanted=True)
    await save_silver(author, clinic.slug, "450")
    await author.send_form(f"{root}/draft/effect", {})
    form = inputs(await author.get(f"{root}/draft/publish"), "publish-form")
    asked = await author.send_form(f"{root}/draft/publish", form | {"note": "请审批"})
    assert asked.headers["location"].endswith("/approval")
    own = await author.get(f"{root}/approval")
    assert "Another person has to approve" in own.text
    page = await approver.get(f"{root}/approval")
    form = inputs(page, "approve") if 'id="approve"' in page.text else {}
    empty = await approver.send_form(f"{root}/approval/reject", {"revision": form["revision"], "answer": ""})
    assert empty.status_code == 422
    alone = await author.send_form(f"{root}/approval/approve", form)
    assert alone.status_code == 409
    done = await approver.send_form(f"{root}/approval/approve", form)
    assert done.status_code == 303, done.text[-2000:]
    async with clinic.workplace.reading(clinic.id) as reader:
        assert [one.approver_name != "" for one in await list_versions(reader)] == [True]
