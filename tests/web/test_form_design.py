"""An administrator designs a form by plain pages: each change saved, each refusal said at its field, and back again."""

from collections.abc import Awaitable, Callable

import pytest

from core.forms.actions import create_link
from core.forms.design_actions import change_design
from core.forms.designs import get_design
from core.forms.queries import get_form, list_links
from core.forms.rules.designing import hidden
from tenants.plugin_settings import enable_plugin
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]
INTAKE = "petclinic.intake"


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


@pytest.fixture
async def admin(client: Client, clinic: TestTenant) -> Browser:
    return await client("tenant_admin")


def desk(tenant: TestTenant) -> str:
    return f"/t/{tenant.slug}/forms/design/{INTAKE}"


async def seen(tenant: TestTenant) -> str:
    async with tenant.unit() as uow:
        return (await get_design(uow, INTAKE)).seen


async def keys(tenant: TestTenant) -> list[str]:
    async with tenant.unit() as uow:
        return [field.key for field in (await get_form(uow, INTAKE)).fields]


async def step(admin: Browser, tenant: TestTenant, act: str, path: str, **more: str) -> None:
    values = {"seen": await seen(tenant), "act": act, "path": path, **more}
    answer = await admin.send_form(f"{desk(tenant)}/step", {**values})
    assert answer.status_code == 303, answer.text


async def test_the_way_to_the_desk_leads_over_the_forms_page(admin: Browser, clinic: TestTenant) -> None:
    root = f"/t/{clinic.slug}/forms"
    assert f'href="{root}/design"' in (await admin.get(root)).text
    listed = await admin.get(f"{root}/design")
    assert f'href="{desk(clinic)}"' in listed.text
    page = await admin.get(desk(clinic))
    assert page.status_code == 200, page.text
    assert 'id="preview"' in page.text
    assert (await admin.get(f"{root}/design/petclinic.gone")).status_code == 410


async def test_who_may_not_design_does_not_see_it(client: Client, clinic: TestTenant) -> None:
    desk_clerk = await client("front_desk")
    assert "/forms/design" not in (await desk_clerk.get(f"/t/{clinic.slug}/forms")).text
    assert (await desk_clerk.get(desk(clinic))).status_code == 403


async def test_a_question_of_ones_own_is_added_published_asked_and_taken_back(
    admin: Browser, browser: Callable[[], Browser], clinic: TestTenant
) -> None:
    page = await admin.get(f"{desk(clinic)}?add=choice&after=weight_kg")
    fields = form_fields(page.text, "panel-form")
    fields |= {
        "label_zh": ["绝育了吗"],
        "label_en": ["Neutered"],
        "options": ["是 | Yes\n否 | No"],
        "required": ["true"],
    }
    answer = await admin.send_form(f"{desk(clinic)}/add", {name: value[0] for name, value in fields.items()})
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("#field-x-neutered")
    page = await admin.get(desk(clinic))
    assert "1 change against the form in force" in page.text
    assert "绝育了吗" not in (await keys(clinic))
    published = await admin.send_form(f"{desk(clinic)}/publish", {"seen": await seen(clinic)})
    assert published.status_code == 303
    told = await admin.get(desk(clinic))
    assert "Published: 1 change is in force" in told.text
    assert f"{desk(clinic)}/revisions/0/restore" in told.text
    assert (await keys(clinic))[4] == "x_neutered"
    async with clinic.unit() as uow:
        code = (await create_link(uow, form_id=INTAKE)).code
    assert "Neutered" in (await browser().get(f"/q/{code}")).text
    back = await admin.send_form(f"{desk(clinic)}/revisions/0/restore", {})
    assert back.status_code == 303
    assert "x_neutered" not in await keys(clinic)
    assert "as the plugin brings it" in (await admin.get(desk(clinic))).text


async def test_fields_move_by_buttons_and_by_the_menu(admin: Browser, clinic: TestTenant) -> None:
    await step(admin, clinic, "down", "chief_complaint")
    await step(admin, clinic, "move", "diet", section="pet")
    await step(admin, clinic, "move", "social", before="exercise")
    await step(admin, clinic, "hide", "course")
    page = await admin.get(desk(clinic))
    for words in ("Stands in another place", "No longer asked", "Hidden questions", "Show again"):
        assert words in page.text
    await step(admin, clinic, "show", "course")
    assert "Hidden questions" not in (await admin.get(desk(clinic))).text
    undone = await admin.send_form(f"{desk(clinic)}/undo", {"seen": await seen(clinic)})
    assert undone.status_code == 303
    assert "Hidden questions" in (await admin.get(desk(clinic))).text
    assert (await admin.send_form(f"{desk(clinic)}/discard", {"seen": await seen(clinic)})).status_code == 303
    assert "against the form in force" not in (await admin.get(desk(clinic))).text


@pytest.mark.parametrize(
    ("act", "path", "words"),
    [
        ("hide", "species", "The plugin needs this answer, so it cannot be hidden."),
        ("hide", "allergy", "It depends on “Any allergy”, which would not be asked before it."),
        ("down", "species", "It depends on “Kind of pet”, which would not be asked before it."),
    ],
)
async def test_every_refusal_is_a_sentence(admin: Browser, clinic: TestTenant, act: str, path: str, words: str) -> None:
    values = {"seen": await seen(clinic), "act": act, "path": path}
    answer = await admin.send_form(f"{desk(clinic)}/step", {**values})
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.parametrize(
    ("path", "typed", "words"),
    [
        ("weight_kg", {"max": "500"}, "“Largest” may only be made stricter than the plugin has it."),
        ("weight_kg", {"max": "heavy"}, "Write a number, like 4.5."),
        ("weight_kg", {"min": "50", "max": "5"}, "This is below the smallest."),
        ("weight_kg", {"decimals": "2.5"}, "Write a whole number from 0 to 10000."),
        ("pet_name", {"pattern": "(a"}, "This form cannot be used"),
        ("onset", {"min": "yesterday"}, "A day like 2026-01-31, or the word today."),
        ("exercise", {"keep": ""}, "Keep at least one answer."),
    ],
)
async def test_a_limit_that_does_not_fit_is_refused_at_its_input_and_kept(
    admin: Browser, clinic: TestTenant, path: str, typed: dict[str, str], words: str
) -> None:
    page = await admin.get(f"{desk(clinic)}?field={path}")
    fields = {name: value[0] for name, value in form_fields(page.text, "panel-form").items()} | typed
    answer = await admin.send_form(f"{desk(clinic)}/field", {**fields})
    assert answer.status_code == 422
    assert words in answer.text
    for value in typed.values():
        assert value in answer.text


async def test_a_field_is_worded_required_and_tightened(admin: Browser, clinic: TestTenant) -> None:
    page = await admin.get(f"{desk(clinic)}?field=weight_kg")
    fields = {name: value[0] for name, value in form_fields(page.text, "panel-form").items()}
    unchanged = await admin.send_form(f"{desk(clinic)}/field", {**fields})
    assert unchanged.status_code == 303
    assert await seen(clinic) == "0.0"
    fields |= {"label_zh": "多重", "required": "true", "max": "90", "help_zh": "", "help_en": ""}
    await admin.send_form(f"{desk(clinic)}/field", {**fields})
    page = await admin.get(f"{desk(clinic)}?field=exercise")
    more = {name: value[0] for name, value in form_fields(page.text, "panel-form").items()} | {"keep": "indoor"}
    await admin.send_form(f"{desk(clinic)}/field", {**more})
    async with clinic.unit() as uow:
        design = await get_design(uow, INTAKE)
    assert design.overlay.set["weight_kg"] == {"label": {"zh-CN": "多重", "en": "Weight"}, "required": True, "max": 90}
    assert [option[0] for option in design.overlay.set["exercise"]["options"]] == ["indoor"]
    text = (await admin.get(desk(clinic))).text
    assert "多重 / Weight" in text


async def test_an_own_question_may_depend_on_an_earlier_answer(admin: Browser, clinic: TestTenant) -> None:
    page = await admin.get(f"{desk(clinic)}?add=number&after=species")
    fields = {name: value[0] for name, value in form_fields(page.text, "panel-form").items()}
    fields |= {"label_en": "Walks a day", "when_field": "species", "when_op": "eq", "when_value": "Whale"}
    refused = await admin.send_form(f"{desk(clinic)}/add", {**fields})
    assert refused.status_code == 422
    assert "Write one of: Dog、Cat、Exotic pet" in refused.text
    assert "Whale" in refused.text
    await admin.send_form(f"{desk(clinic)}/add", {**fields, "when_value": "dog"})
    assert "Asked when “Kind of pet” is Dog" in (await admin.get(desk(clinic))).text
    await step(admin, clinic, "remove", "x_walks_a_day")
    assert "Walks a day" not in (await admin.get(desk(clinic))).text


@pytest.mark.parametrize(
    "kind", ["text", "multiline", "choice", "multi", "bool", "number", "date", "datetime", "rating", "file", "note"]
)
async def test_every_kind_of_question_can_be_ones_own(admin: Browser, clinic: TestTenant, kind: str) -> None:
    page = await admin.get(f"{desk(clinic)}?add={kind}&after=owner_phone")
    fields = {name: value[0] for name, value in form_fields(page.text, "panel-form").items()}
    fields |= {"label_en": f"My {kind}"} | ({"options": "A\nB"} if "options" in fields else {})
    fields |= {"text_en": "Read this"} if kind == "note" else {}
    answer = await admin.send_form(f"{desk(clinic)}/add", {**fields})
    assert answer.status_code == 303, answer.text
    assert (await admin.send_form(f"{desk(clinic)}/publish", {"seen": await seen(clinic)})).status_code == 303
    assert f"x_my_{kind}" in await keys(clinic)
    again = await admin.get(f"{desk(clinic)}?field=x_my_{kind}")
    assert form_fields(again.text, "panel-form")["label_zh"] == [f"My {kind}"]


async def test_the_second_of_two_editors_is_told_and_sees_the_newest(
    client: Client, admin: Browser, clinic: TestTenant
) -> None:
    old = await seen(clinic)
    await step(admin, clinic, "hide", "course")
    director = await client("director")
    answer = await director.send_form(f"{desk(clinic)}/step", {"seen": old, "act": "hide", "path": "diet"})
    assert answer.status_code == 409
    assert "管理员 changed this form meanwhile" in answer.text
    assert "Show again" in answer.text
    for act in ("undo", "discard", "publish"):
        assert (await director.send_form(f"{desk(clinic)}/{act}", {"seen": old})).status_code == 409


async def test_htmx_gets_the_desk_only(admin: Browser, clinic: TestTenant) -> None:
    values = {"seen": await seen(clinic), "act": "hide", "path": "course"}
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    answer = await admin.send_form(f"{desk(clinic)}/step", {**values}, headers=headers)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<form-desk")


async def test_what_nobody_could_press_is_not_found(admin: Browser, clinic: TestTenant) -> None:
    for act, path in (("dance", "species"), ("up", "gone"), ("remove", "species")):
        answer = await admin.send_form(f"{desk(clinic)}/step", {"seen": await seen(clinic), "act": act, "path": path})
        assert answer.status_code == 404
    fields = {"seen": await seen(clinic), "path": "gone"}
    assert (await admin.send_form(f"{desk(clinic)}/field", {**fields})).status_code == 404
    assert (await admin.send_form(f"{desk(clinic)}/add", {"seen": "0.0", "kind": "calc"})).status_code == 422
    assert (await admin.send_form(f"{desk(clinic)}/revisions/9/restore", {})).status_code == 404
    assert (await admin.send_form(f"{desk(clinic)}/revisions/0/restore", {})).status_code == 409


async def test_a_change_beside_another_by_hand_stays_hidden(admin: Browser, clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        await change_design(
            uow, form_id=INTAKE, seen="0.0", change=lambda base, overlay: hidden(base, overlay, "course")
        )
    assert "Draft of director" in (await admin.get(f"/t/{clinic.slug}/forms/design")).text


async def test_a_link_is_made_until_a_day_and_printed(admin: Browser, clinic: TestTenant) -> None:
    root = f"/t/{clinic.slug}/forms/links"
    refused = await admin.send_form(root, {"form_id": INTAKE, "until": "2020-01-01"})
    assert refused.status_code == 422
    assert "Choose a day that has not passed." in refused.text
    await admin.send_form(root, {"form_id": INTAKE, "until": "2031-05-01", "uses": "once"})
    async with clinic.unit() as uow:
        (link,) = await list_links(uow)
    assert (link.max_uses, link.branch_id) == (1, None)
    assert link.expires_at is not None
    assert link.expires_at.isoformat() == "2031-05-01T16:00:00+00:00"
    for size in ("a4", "a6"):
        poster = await admin.get(f"{root}/{link.link_id}/poster.pdf?size={size}")
        assert poster.headers["content-type"] == "application/pdf"
        assert poster.content.startswith(b"%PDF")
    assert "poster.pdf?size=a6" in (await admin.get(root)).text
    await admin.send_form(f"{root}/{link.link_id}/revoke", {})
    assert (await admin.get(f"{root}/{link.link_id}/poster.pdf")).status_code == 410
