"""Duplicates and merges in the browser, without script: the list, two people, the preview, the merge and its undo."""

import html
import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest

from core.customers.actions import add_customer
from core.customers.profile import set_profile_value
from core.customers.queries import get_customer
from core.customers.rules.likeness import AGAINST, POINTS
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.merges.queries import list_suspects
from core.merges.twins import look_for_twins, sweep_for_twins
from tenants.plugin_settings import enable_plugin
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.views.duplicates import GROWN, REASONS, grown_texts

Client = Callable[..., Awaitable[Browser]]
DOUDOU = SubjectDraft(name="豆豆", kind="petclinic.pet", species="dog", breed="柯基")


@pytest.fixture
async def pair(tenant_a: TestTenant) -> tuple[UUID, UUID]:
    """王小美 twice, with two digits of the phone swapped."""
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    async with tenant_a.unit() as uow:
        ids = [
            await add_customer(
                uow,
                draft=CustomerDraft(full_name=name, phones=(phone,), subjects=(DOUDOU,), note=note),
                allow_duplicate=True,
            )
            for name, phone, note in (("王小美", "+8613812346871", "怕狗"), ("王晓美", "+8613812346817", "只加微信"))
        ]
        await look_for_twins(uow, customer_ids=ids)
    return ids[0], ids[1]


def _where(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text[:3000]
    return answer.headers["location"]


def _inputs(page: httpx.Response) -> dict[str, object]:
    """The form as a browser would send it: hidden, checked radios and boxes."""
    sent: dict[str, object] = {}
    for tag in re.findall(r"<input[^>]+>", page.text.split('id="merge"')[1]):
        names = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if names.get("name", "_csrf") != "_csrf" and (names.get("type") == "hidden" or " checked" in tag):
            sent[names["name"]] = html.unescape(names["value"])
    return sent


def test_every_reason_has_words() -> None:
    assert set(REASONS) == set(POINTS) | set(AGAINST)
    assert len(grown_texts([*GROWN, "field:note", "field:household_id", "pet:chip", "moved:visit"])) == len(GROWN) + 3


async def test_the_list_shows_both_with_reasons_and_masked_phones(
    client: Client, tenant_a: TestTenant, pair: tuple[UUID, UUID]
) -> None:
    browser = await client("team_leader")
    page = await browser.get(f"/t/{tenant_a.slug}/customers/duplicates")
    assert page.status_code == 200, page.text
    for words in (
        "王小美",
        "王晓美",
        "Names sound the same",
        "Phones differ by one slip",
        "Same pet, same breed",
        "138****6871",
    ):
        assert words in page.text, words
    assert "13812346871" not in page.text
    assert "No duplicates" in (await browser.get(f"/t/{tenant_a.slug}/customers/duplicates?level=possible")).text
    assert (
        "Nobody was told apart"
        in (await browser.get(f"/t/{tenant_a.slug}/customers/duplicates?told=apart&after=x")).text
    )
    assert "Here twice?" in (await browser.get(f"/t/{tenant_a.slug}/customers/{pair[0]}")).text
    desk = await client("front_desk")
    assert (await desk.get(f"/t/{tenant_a.slug}/customers/duplicates")).status_code == 403
    assert "Here twice?" not in (await desk.get(f"/t/{tenant_a.slug}/customers/{pair[0]}")).text


async def test_two_people_stay_two_people_until_somebody_takes_it_back(
    client: Client, tenant_a: TestTenant, pair: tuple[UUID, UUID]
) -> None:
    browser = await client("team_leader")
    root = f"/t/{tenant_a.slug}/customers"
    answer = await browser.send_form(f"{root}/{pair[0]}/twins/{pair[1]}/apart", {"reason": "母女"})
    shown = await browser.get(_where(answer))
    assert "No duplicates" in shown.text
    assert f"{root}/{pair[0]}/twins/{pair[1]}/again" in shown.text
    async with tenant_a.unit() as uow:
        await look_for_twins(uow, customer_ids=pair)
        assert await list_suspects(uow) == []
    apart = await browser.get(f"{root}/duplicates?told=apart")
    assert "母女" in apart.text
    assert "said: two people" in apart.text
    await browser.send_form(f"{root}/{pair[1]}/twins/{pair[0]}/again")
    assert "王晓美" in (await browser.get(f"{root}/duplicates")).text
    assert (await browser.send_form(f"{root}/{pair[1]}/twins/{pair[1]}/apart")).status_code == 404
    long = await browser.send_form(f"{root}/{pair[0]}/twins/{pair[1]}/apart", {"reason": "x" * 3000})
    assert long.status_code == 422


async def test_a_merge_is_previewed_done_redirected_and_undone(
    client: Client, tenant_a: TestTenant, pair: tuple[UUID, UUID]
) -> None:
    browser = await client("team_leader")
    root = f"/t/{tenant_a.slug}/customers"
    page = await browser.get(f"{root}/{pair[0]}/merge", params={"with": str(pair[1])})
    assert page.status_code == 200, page.text
    sent = _inputs(page)
    assert (sent["note"], sent["full_name"]) == ("both", "left")
    answer = await browser.send_form(f"{root}/{pair[0]}/merge", sent | {"full_name": "right"})
    stayed = await browser.get(_where(answer))
    assert "王晓美" in stayed.text
    undo = re.search(r'action="([^"]*/merges/[^"]*/undo)"', stayed.text)
    assert undo is not None
    assert "was merged into this record" in stayed.text
    gone = await browser.get(f"{root}/{pair[1]}")
    assert _where(gone) == f"{root}/{pair[0]}"
    assert (await browser.get(f"{root}/{pair[1]}/edit")).status_code == 404
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        record = await get_customer(reader, pair[0])
        assert (record.note, len(record.subjects), len(record.phones)) == ("怕狗\n只加微信", 1, 2)
    back = await browser.send_form(undo[1])
    assert _where(back) == f"{root}/{pair[1]}"
    assert "was undone" in (await browser.get(f"{root}/{pair[0]}")).text


async def test_own_fields_that_differ_are_chosen_side_by_side(
    client: Client, tenant_a: TestTenant, pair: tuple[UUID, UUID]
) -> None:
    browser = await client("team_leader")
    path = f"/t/{tenant_a.slug}/customers/{pair[0]}/merge"
    async with tenant_a.unit() as uow:
        for one, value in zip(pair, ("budget", "quality"), strict=True):
            await set_profile_value(
                uow, entity_type="customer", entity_id=one, field_key="spending", value=value, source="staff"
            )
    sent = _inputs(await browser.get(path, params={"with": str(pair[1])}))
    assert sent["own.spending"] == "left"
    await browser.send_form(path, sent | {"own.spending": "right"})
    async with tenant_a.unit() as uow:
        assert (await get_customer(uow, pair[0])).custom["spending"] == "quality"


async def test_a_preview_that_is_too_old_is_shown_again(
    client: Client, tenant_a: TestTenant, pair: tuple[UUID, UUID]
) -> None:
    browser = await client("team_leader")
    path = f"/t/{tenant_a.slug}/customers/{pair[0]}/merge"
    sent = _inputs(await browser.get(path, params={"with": str(pair[1])}))
    async with tenant_a.unit() as uow:
        await set_profile_value(
            uow, entity_type="customer", entity_id=pair[0], field_key="note", value="新", source="staff"
        )
    again = await browser.send_form(path, sent)
    assert again.status_code == 409
    assert "was changed meanwhile" in again.text
    assert (await browser.send_form(path, {"with": "nobody"})).status_code == 404
    assert (await browser.get(path)).status_code == 404
    assert (await browser.send_form(path, sent | {"pets": "x:y"})).status_code == 422


async def test_an_undo_that_would_lose_something_says_what(
    client: Client, tenant_a: TestTenant, pair: tuple[UUID, UUID]
) -> None:
    browser = await client("team_leader")
    path = f"/t/{tenant_a.slug}/customers/{pair[0]}/merge"
    stayed = await browser.get(
        _where(await browser.send_form(path, _inputs(await browser.get(path, params={"with": str(pair[1])}))))
    )
    async with tenant_a.unit() as uow:
        await set_profile_value(
            uow, entity_type="customer", entity_id=pair[0], field_key="note", value="新", source="staff"
        )
    undo = re.search(r'action="([^"]*/merges/[^"]*/undo)"', stayed.text)
    assert undo is not None
    refused = await browser.send_form(undo[1])
    assert refused.status_code == 409
    assert "Changed since: Note" in refused.text


async def test_the_nightly_look_finds_whom_nobody_looked_at(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        for name in ("李雷", "李蕾"):
            await add_customer(
                uow, draft=CustomerDraft(full_name=name, phones=("+8613900001111",)), allow_duplicate=True
            )
        assert await list_suspects(uow) == []
        assert not await sweep_for_twins(uow)
        assert [(one.a.full_name, one.level) for one in await list_suspects(uow)] == [("李雷", "strong")]
        assert not await sweep_for_twins(uow)


async def test_pages_of_pairs_follow_by_their_link(client: Client, tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        ids = []
        for number in range(22):
            for name in ("李雷", "李蕾"):
                draft = CustomerDraft(full_name=name, phones=(f"+86139{number:04d}{number * 37 % 10000:04d}",))
                ids.append(await add_customer(uow, draft=draft, allow_duplicate=True))
        await look_for_twins(uow, customer_ids=ids)
    browser = await client("director")
    page = await browser.get(f"/t/{tenant_a.slug}/customers/duplicates")
    first = set(re.findall(r'id="(pair-[^"]+)"', page.text))
    more = re.search(r'hx-get="([^"]*after=[^"]*)"', page.text)
    assert more is not None
    rest = set(re.findall(r'id="(pair-[^"]+)"', (await browser.get(html.unescape(more[1]))).text))
    assert (len(first), first & rest) == (20, set())
    assert len(rest) >= 2
