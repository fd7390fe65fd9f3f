"""Segments in the browser, without script: the list, why somebody is in, the editor, and the list of customers."""

import html
import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest

from core.conditions.rules.catalogue import Catalogue
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.hooks.records.conditions import All, AnyOf, Between, Cmp, Has, In, Not, Relative, Tree
from core.loyalty.actions import record_purchase
from core.segments.fields import get_fields
from core.segments.queries import list_segments
from tenants.plugin_settings import enable_plugin
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.views.segment_editor import change_nodes, nodes_of, read_nodes, tree_of
from web.views.segments import sentence

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def people(tenant_a: TestTenant) -> dict[str, UUID]:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    pet = SubjectDraft(name="豆豆", kind="petclinic.pet", species="dog")
    async with tenant_a.unit() as uow:
        rich = await add_customer(uow, draft=CustomerDraft(full_name="钱多多", subjects=(pet,)))
        poor = await add_customer(uow, draft=CustomerDraft(full_name="单小红"))
        await record_purchase(uow, customer_id=rich, fen=600_000, key="k")
    return {"rich": rich, "poor": poor}


def _inputs(page: httpx.Response) -> dict[str, object]:
    """The editor as a browser would send it."""
    form = page.text.split('id="segment-form"')[1]
    sent: dict[str, object] = {}
    for tag in re.findall(r"<input[^>]+>", form):
        names = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if names.get("name", "_csrf") != "_csrf" and (names.get("type") != "checkbox" or " checked" in tag):
            sent[names["name"]] = html.unescape(names.get("value", ""))
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body) or re.search(r'value="([^"]*)"', body)
        sent[name] = html.unescape(chosen[1]) if chosen else ""
    return sent


async def test_the_list_shows_shipped_segments_as_sentences_with_counts(
    client: Client, tenant_a: TestTenant, people: dict[str, UUID]
) -> None:
    browser = await client("front_desk")
    page = await browser.get(f"/t/{tenant_a.slug}/customers/segments")
    for words in ("Premium layer", "Spent in 365 days is at least", "1 customer", "Concierge"):
        assert words in page.text, words
    assert "New segment" not in page.text
    one = await browser.get(
        f"/t/{tenant_a.slug}/customers/segments/petclinic.premium", params={"who": str(people["poor"])}
    )
    assert "钱多多" in one.text
    assert "单小红" in one.text
    assert "Not in" in one.text
    assert (await browser.get(f"/t/{tenant_a.slug}/customers/segments/petclinic.nothing")).status_code == 404
    assert (await browser.get(f"/t/{tenant_a.slug}/customers/segments/new")).status_code == 403
    shown = await browser.get(f"/t/{tenant_a.slug}/customers/{people['rich']}")
    assert "segments/petclinic.premium?who=" in shown.text


async def test_the_list_of_customers_is_cut_to_a_segment(
    client: Client, tenant_a: TestTenant, people: dict[str, UUID]
) -> None:
    browser = await client("front_desk")
    root = f"/t/{tenant_a.slug}/customers"
    cut = await browser.get(root, params={"segment": "petclinic.premium"})
    assert "钱多多" in cut.text
    assert "单小红" not in cut.text
    assert "单小红" not in (await browser.get(root, params={"segment": "petclinic.premium", "q": "单"})).text
    assert "单小红" in (await browser.get(root, params={"segment": "gone"})).text


async def test_a_segment_is_made_row_by_row_without_script(
    client: Client, tenant_a: TestTenant, people: dict[str, UUID]
) -> None:
    browser = await client("team_leader")
    root = f"/t/{tenant_a.slug}/customers/segments"
    page = await browser.get(f"{root}/new")
    assert page.status_code == 200, page.text
    sent = _inputs(page) | {"field_0-0": "spent_365d"}
    page = await browser.send_form(f"{root}/editor", sent)
    sent = _inputs(page)
    assert sent["op_0-0"] == "gte"
    page = await browser.send_form(f"{root}/editor", sent | {"value_0-0": "5,000.50", "do": "add:0"})
    assert "Spent in 365 days is at least ¥5,000.50" in page.text
    assert "1 customer is in" in page.text
    assert "钱多多" in page.text
    page = await browser.send_form(f"{root}/editor", _inputs(page) | {"field_0-1": "pet"})
    page = await browser.send_form(f"{root}/editor", _inputs(page) | {"do": "add:0-1-0"})
    page = await browser.send_form(f"{root}/editor", _inputs(page) | {"field_0-1-0-0": "pet.species"})
    page = await browser.send_form(f"{root}/editor", _inputs(page) | {"value_0-1-0-0": "dog"})
    assert "has Pet with (Species is Dog)" in page.text
    answer = await browser.send_form(
        f"{root}/editor", _inputs(page) | {"name_zh": "大客户", "plan_zh": "上门护理", "do": "save"}
    )
    assert answer.status_code == 303, answer.text[-3000:]
    shown = await browser.get(answer.headers["location"])
    assert "大客户" in shown.text
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        own = next(one for one in await list_segments(reader) if not one.shipped)
    species = Cmp(field="pet.species", op="eq", value="dog")
    assert own.tree == All(
        of=(Cmp(field="spent_365d", op="gte", value=500_050), Has(field="pet", where=All(of=(species,))))
    )
    edit = await browser.get(f"{root}/{own.id}/edit")
    again = _inputs(edit) | {"do": "save", "name_en": "Big"}
    assert (await browser.send_form(f"{root}/editor", again)).status_code == 303
    stale = await browser.send_form(f"{root}/editor", again)
    assert stale.status_code == 409
    assert "meanwhile" in stale.text
    gone = await browser.send_form(f"{root}/{own.id}/remove")
    assert gone.status_code == 303
    assert "大客户" not in (await browser.get(f"{root}")).text
    assert (await browser.send_form(f"{root}/{own.id}/restore")).status_code == 303
    assert (await browser.send_form(f"{root}/petclinic.basic/remove")).status_code == 404
    assert (await browser.get(f"{root}/petclinic.basic/edit")).status_code == 404


async def test_a_bad_value_stays_and_is_marked(client: Client, tenant_a: TestTenant, people: dict[str, UUID]) -> None:
    browser = await client("team_leader")
    root = f"/t/{tenant_a.slug}/customers/segments"
    sent = {
        "mode_0": "all",
        "field_0-0": "spent_365d",
        "op_0-0": "gte",
        "value_0-0": "viel",
        "do": "save",
        "name_zh": "x",
    }
    refused = await browser.send_form(f"{root}/editor", sent)
    assert refused.status_code == 422
    assert 'value="viel"' in refused.text
    assert "does not fit" in refused.text
    nameless = await browser.send_form(f"{root}/editor", {"mode_0": "all", "do": "save"})
    assert nameless.status_code == 422


async def test_a_shipped_segment_is_copied(client: Client, tenant_a: TestTenant, people: dict[str, UUID]) -> None:
    browser = await client("team_leader")
    root = f"/t/{tenant_a.slug}/customers/segments"
    page = await browser.get(f"{root}/new", params={"copy": "petclinic.advanced"})
    answer = await browser.send_form(f"{root}/editor", _inputs(page) | {"do": "save"})
    assert answer.status_code == 303, answer.text[-2000:]
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        both = {one.shipped: one for one in await list_segments(reader) if "进阶" in str(one.label)}
        shipped, own = both[True], both[False]
        catalogue, _ = await get_fields(reader)
        assert sentence(own.tree, catalogue)
        assert own.plan == shipped.plan


@pytest.fixture
async def catalogue(tenant_a: TestTenant, people: dict[str, UUID]) -> Catalogue:
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        return (await get_fields(reader))[0]


TREES: tuple[Tree, ...] = (
    Cmp(field="spent_365d", op="gte", value=12_345),
    Cmp(field="visits_365d", op="ne", value=3),
    In(field="tier", values=("silver", "gold")),
    In(field="member_no", values=("A1", "B2")),
    Between(field="since", low="2026-01-01", high="2026-02-01"),
    Cmp(field="since", op="gt", value="2026-01-01"),
    Cmp(field="own.children_at_home", op="eq", value=False),
    Not(of=Cmp(field="own.children_at_home", op="eq", value=True)),
    Relative(field="pets_since", when="before_last", amount=3, unit="years"),
    Not(of=Has(field="gender")),
    Not(of=Has(field="pet", at_least=2, where=Cmp(field="pet.weight_kg", op="gt", value=4.5))),
    Not(of=All(of=(Has(field="phone"), AnyOf(of=(Has(field="tier"),))))),
    Not(of=AnyOf(of=(Has(field="phone"), Has(field="tier")))),
    Has(field="pet"),
)


@pytest.mark.parametrize("tree", TREES)
async def test_a_tree_survives_the_editor(catalogue: Catalogue, tree: Tree) -> None:
    """Apart from groups of one, which mean the same."""
    root = nodes_of(tree, catalogue)
    posted: dict[str, object] = {}

    def post(node: object) -> None:
        for name in ("mode", "field", "op", "value", "other", "unit", "least"):
            value = getattr(node, name)
            posted[f"{name}_{node.path}"] = (
                node.values if name == "value" and node.values and node.kind == "choice" else value
            )  # type: ignore[attr-defined] # a Node
        for child in node.children:  # type: ignore[attr-defined] # a Node
            post(child)

    post(root)
    posted = {name: value for name, value in posted.items() if value != ""}
    read = read_nodes(posted, catalogue)
    assert _plain(tree_of(read, catalogue)) == _plain(tree)


def _plain(tree: Tree | None) -> Tree | None:
    """The tree without groups that hold a single condition."""
    if isinstance(tree, All | AnyOf):
        below = tuple(one for part in tree.of if (one := _plain(part)) is not None)
        return below[0] if len(below) == 1 else type(tree)(of=below)
    if isinstance(tree, Not):
        inner = _plain(tree.of)
        return Not(of=inner) if inner is not None else None
    if isinstance(tree, Has) and tree.where is not None:
        return Has(field=tree.field, at_least=tree.at_least, where=_plain(tree.where))
    return tree


async def test_buttons_of_the_editor_add_group_and_drop(catalogue: Catalogue) -> None:
    root = read_nodes({"nonsense": "x", "field_9-9": "phone"}, catalogue)
    for command in ("add:0", "group:0", "add:0-1", "drop:0-0", "drop:0", "add:7", ""):
        change_nodes(root, command, catalogue)
    assert [child.mode for child in root.children] == ["any"]
    assert len(root.children[0].children) == 2
    assert tree_of(root, catalogue) == All(of=(AnyOf(),))


@pytest.mark.parametrize(
    ("field", "op", "value", "error"),
    [
        ("spent_365d", "gte", "", "required"),
        ("spent_365d", "gte", "1.005", "bad-number"),
        ("spent_365d", "gte", "NaN", "bad-number"),
        ("since", "gte", "2026-02-30", "bad-date"),
        ("since", "within_last", "-3", "bad-number"),
        ("visits_365d", "eq", "1.5", "bad-number"),
        ("member_no", "in", " , ", "required"),
    ],
)
async def test_a_row_says_what_is_wrong(catalogue: Catalogue, field: str, op: str, value: str, error: str) -> None:
    root = read_nodes({"mode_0": "all", "field_0-0": field, "op_0-0": op, "value_0-0": value}, catalogue)
    assert tree_of(root, catalogue) == All()
    assert root.children[0].error == error


async def test_too_few_members_are_refused(catalogue: Catalogue) -> None:
    root = read_nodes({"mode_0": "all", "field_0-0": "pet", "least_0-0": "0"}, catalogue)
    assert tree_of(root, catalogue) == All()
    assert root.children[0].error == "bad-count"
