"""Two devices on one draft, and drafts of older forms: what is not shown any more is set aside, never lost."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, update

from core.errors import NotFound
from core.forms.actions import create_link
from core.forms.drafts import DraftChanged, save_draft, settle_draft, swap_draft
from core.forms.models import FormDefinition, FormDraft
from core.forms.queries import DraftFacts, find_draft, get_opened_form
from core.forms.rules import canonical_json, version_of
from core.hooks.records.forms import TextField
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tests.workplaces import TestTenant

FORM = "petclinic.intake"
CAT, DOG = {"species": "cat"}, {"species": "dog"}


@pytest.fixture
async def code(tenant_a: TestTenant) -> str:
    """A link for one person, whose draft belongs to the link."""
    async with tenant_a.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    async with tenant_a.unit("tenant_admin") as uow:
        return (await create_link(uow, form_id=FORM, max_uses=1)).code


async def draft_of(uow: UnitOfWork, code: str) -> DraftFacts:
    draft = await find_draft(uow, await get_opened_form(uow, code), key=None)
    assert draft is not None
    return draft


async def test_the_page_that_saved_last_may_save_again_without_having_heard_of_it(
    tenant_a: TestTenant, code: str
) -> None:
    async with tenant_a.unit() as uow:
        await save_draft(uow, code=code, answers=CAT, revision=0, writer="page-a")
        await save_draft(uow, code=code, answers=DOG, revision=0, writer="page-a")
        with pytest.raises(DraftChanged) as refused:
            await save_draft(uow, code=code, answers=CAT, revision=0, writer="page-b")
        assert refused.value.params["revision"] == 2
        assert (await draft_of(uow, code)).carried.answers == DOG


async def test_a_page_that_was_opened_before_there_was_a_draft_overwrites_nothing(
    tenant_a: TestTenant, code: str
) -> None:
    async with tenant_a.unit() as uow:
        await save_draft(uow, code=code, answers=CAT, revision=0)
        with pytest.raises(DraftChanged):
            await save_draft(uow, code=code, answers=DOG, revision=0)


@pytest.mark.parametrize(("keep", "shown", "aside"), [("mine", DOG, CAT), ("theirs", CAT, DOG)])
async def test_whichever_is_kept_the_other_is_set_aside_and_comes_back(
    tenant_a: TestTenant, code: str, keep: Any, shown: dict[str, Any], aside: dict[str, Any]
) -> None:
    async with tenant_a.unit() as uow:
        await save_draft(uow, code=code, answers=CAT)
        settled = await settle_draft(uow, code=code, answers=DOG, keep=keep)
        draft = await draft_of(uow, code)
        assert (draft.carried.answers, draft.revision, draft.set_aside_at) == (shown, settled.revision, uow.now)
        await swap_draft(uow, code=code)
        assert (await draft_of(uow, code)).carried.answers == aside
        await swap_draft(uow, code=code)
        assert (await draft_of(uow, code)).carried.answers == shown


async def test_what_is_mine_is_kept_when_theirs_has_gone_meanwhile(tenant_a: TestTenant, code: str) -> None:
    async with tenant_a.unit() as uow:
        await settle_draft(uow, code=code, answers=DOG, keep="theirs")
        assert (await draft_of(uow, code)).carried.answers == DOG
        with pytest.raises(NotFound):
            await swap_draft(uow, code=code)


async def test_what_an_older_form_held_stays_beside_the_draft_after_it_was_saved_anew(
    tenant_a: TestTenant, code: str
) -> None:
    async with tenant_a.unit() as uow:
        await save_draft(uow, code=code, answers=CAT)
        opened = await get_opened_form(uow, code)
        # The form as it was when the draft was begun: it asked for a chip, and the plugin has dropped that since.
        chip = TextField(key="chip", label={"zh-CN": "芯片号", "en": "Chip"})
        older = msgspec.structs.replace(opened.form, fields=(*opened.form.fields, chip))
        await _begun_with(uow, older, {**CAT, "chip": "941000024"})
        draft = await draft_of(uow, code)
        assert draft.carried.answers == CAT
        await save_draft(uow, code=code, answers=DOG, revision=draft.revision)
        for _ in range(2):
            draft = await draft_of(uow, code)
            assert draft.carried.answers == DOG
            assert [(left.key, left.value) for left in draft.carried.leftovers] == [("chip", "941000024")]
            await save_draft(uow, code=code, answers=DOG, revision=draft.revision)


async def _begun_with(uow: UnitOfWork, form: Any, answers: dict[str, Any]) -> None:
    """Put the draft back to the version of a form that the plugin no longer brings."""
    from_then = version_of(form)
    definition = msgspec.json.decode(canonical_json(form))
    mine = {"tenant_id": uow.tenant_id, "form_id": form.id, "version": from_then}
    await uow.session.execute(insert(FormDefinition).values(**mine, definition=definition, created_at=uow.now))
    await uow.session.execute(
        update(FormDraft).where(FormDraft.tenant_id == uow.tenant_id).values(version=from_then, answers=answers)
    )
