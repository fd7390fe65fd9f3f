"""A tenant designs its forms: saved step by step, told of others, published as revisions, kept when a plugin changes."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert

from core.errors import Forbidden, InvalidInput, NotFound
from core.forms.actions import create_link, record_intake, submit_intake
from core.forms.design_actions import (
    DesignChanged,
    DesignInConflict,
    NothingToPublish,
    change_design,
    discard_design,
    publish_design,
    recheck_designs,
    restore_design,
    undo_design,
)
from core.forms.designs import Design, get_design, list_designs, list_revisions
from core.forms.drafts import save_draft
from core.forms.models import FormDefinition
from core.forms.queries import FormNotOffered, find_draft, get_form, get_opened_form, get_submission, list_forms
from core.forms.rules import Overlay, version_of
from core.forms.rules.designing import added, changed, forgotten, hidden, shifted
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.forms import Condition, Form, NumberField, RatingField, TextField
from tenants.plugin_settings import enable_plugin
from tenants.work import Workplace
from tests.actions.strict_clinic import forms as strict
from tests.plugins.test_form_extensions import with_host
from tests.workplaces import TestTenant

VISIT = "strict.visit"
STRICT = Candidate("strict", "tests.actions.strict_clinic:plugin")
Change = Callable[[Form, Overlay], Overlay]


@pytest.fixture
async def shop(tenant_a: TestTenant) -> TestTenant:
    tenant = with_host(tenant_a, STRICT)
    async with tenant.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=tenant.workplace.host, plugin_id="strict")
    return tenant


def upgraded(shop: TestTenant, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> TestTenant:
    """The same tenant in a process that runs a newer version of the plugin."""
    monkeypatch.setattr(strict, "FORM", msgspec.structs.replace(strict.FORM, **changes))
    old = shop.workplace
    return msgspec.structs.replace(
        shop, workplace=Workplace(old.database, old.bus, PluginHost.load([STRICT], strict=True), old.clock)
    )


def require_word(base: Form, overlay: Overlay) -> Overlay:
    return changed(base, overlay, "word", {"required": True})


def add_chip(base: Form, overlay: Overlay) -> Overlay:
    when = Condition(field="word", op="not_empty")
    return added(overlay, TextField(key="x_chip", label="芯片号", required=True, visible_when=when), "word")


async def change(shop: TestTenant, *changes: Change) -> Design:
    async with shop.unit("tenant_admin") as uow:
        design = await get_design(uow, VISIT)
        for one in changes:
            design = await change_design(uow, form_id=VISIT, seen=design.seen, change=one)
    return design


async def publish(shop: TestTenant, *changes: Change) -> int:
    await change(shop, *changes)
    async with shop.unit("tenant_admin") as uow:
        return await publish_design(uow, form_id=VISIT, seen=(await get_design(uow, VISIT)).seen)


async def live(shop: TestTenant) -> Form:
    async with shop.unit() as uow:
        return await get_form(uow, VISIT)


async def test_a_draft_is_kept_and_changes_nothing_until_it_is_published(shop: TestTenant) -> None:
    before = await live(shop)
    design = await change(shop, require_word, add_chip)
    assert (design.has_draft, design.can_undo, design.can_publish, design.seen) == (True, True, True, "0.2")
    assert [(one.what, one.path) for one in design.differences] == [("changed", "word"), ("added", "x_chip")]
    assert await live(shop) == before
    async with shop.unit("director") as uow:
        assert await get_design(uow, VISIT) == design
        revision = await publish_design(uow, form_id=VISIT, seen=design.seen)
    assert revision == 1
    assert [field.key for field in (await live(shop)).fields][-1] == "x_chip"
    async with shop.unit() as uow:
        row = next(row for row in await list_designs(uow) if row.stand.base.id == VISIT)
        assert (row.stand.revision, row.has_draft, row.published_by_name) == (1, False, "director")
        assert not (await get_design(uow, VISIT)).can_publish


async def test_the_forms_cost_one_query_per_epoch(shop: TestTenant) -> None:
    await publish(shop, require_word)
    statements: list[object] = []
    async with shop.unit() as uow:
        execute = uow.session.execute

        async def counted(*arguments: Any, **more: Any) -> Any:
            statements.append(arguments)
            return await execute(*arguments, **more)

        uow.session.execute = counted  # type: ignore[method-assign] # counts what the queries send
        for _ in range(3):
            await list_forms(uow)
    assert len(statements) == 1
    async with shop.unit() as uow:
        uow.session.execute = counted  # type: ignore[method-assign] # as above
        await list_forms(uow)
    assert len(statements) == 1


async def test_of_two_who_edit_at_once_the_second_is_told(shop: TestTenant) -> None:
    async with shop.unit() as uow:
        seen = (await get_design(uow, VISIT)).seen
    await change(shop, require_word)
    with pytest.raises(DesignChanged) as told:
        async with shop.unit("director") as uow:
            await change_design(uow, form_id=VISIT, seen=seen, change=add_chip)
    assert told.value.params["by"] == "tenant_admin"
    for act in (publish_design, undo_design, discard_design):
        with pytest.raises(DesignChanged):
            async with shop.unit("director") as uow:
                await act(uow, form_id=VISIT, seen=seen)
    await publish(shop)
    with pytest.raises(DesignChanged):
        async with shop.unit("director") as uow:
            await change_design(uow, form_id=VISIT, seen=seen, change=add_chip)


async def test_who_waited_while_another_published_does_not_build_on_the_old_form(shop: TestTenant) -> None:
    async with shop.unit("director") as waiting:
        design = await get_design(waiting, VISIT)
        await publish(shop, require_word)
        with pytest.raises(DesignChanged):
            await change_design(waiting, form_id=VISIT, seen=design.seen, change=add_chip)
        with pytest.raises(DesignChanged):
            await restore_design(waiting, form_id=VISIT, revision=1)


async def test_each_refusal_names_field_and_reason_and_keeps_the_draft(shop: TestTenant) -> None:
    design = await change(shop, add_chip)
    for wrong, path, code in (
        (lambda base, over: changed(base, over, "sex", {"options": []}), "sex", "limits"),
        (lambda base, over: hidden(base, over, "word"), "x_chip", "condition"),
        (lambda base, over: msgspec.structs.replace(over, set={"word": {"max_length": "x"}}), "word", "bad-value"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await change(shop, wrong)
        assert [(one.path, one.code) for one in refused.value.problems] == [(path, code)]
    with pytest.raises(InvalidInput) as refused:
        await change(shop, lambda _, over: added(over, TextField(key="x_big", label="长" * 200_000), None))
    assert refused.value.problems[0].code == "too_large"
    async with shop.unit() as uow:
        assert await get_design(uow, VISIT) == design


async def test_the_last_changes_are_taken_back_one_by_one(shop: TestTenant) -> None:
    await change(shop, require_word, add_chip)
    async with shop.unit("tenant_admin") as uow:
        one = await undo_design(uow, form_id=VISIT, seen="0.2")
        assert [line.path for line in one.differences] == ["word"]
        none = await undo_design(uow, form_id=VISIT, seen=one.seen)
        assert (none.differences, none.can_undo, none.can_publish) == ((), False, False)
        with pytest.raises(NotFound):
            await undo_design(uow, form_id=VISIT, seen=none.seen)
        with pytest.raises(NothingToPublish):
            await publish_design(uow, form_id=VISIT, seen=none.seen)
        await discard_design(uow, form_id=VISIT, seen=none.seen)
        assert not (await get_design(uow, VISIT)).has_draft
        with pytest.raises(NothingToPublish):
            await publish_design(uow, form_id=VISIT, seen="0.0")


async def test_a_change_that_changes_nothing_is_no_step(shop: TestTenant) -> None:
    design = await change(shop, lambda base, over: shifted(base, over, "phone", -1))
    assert (design.has_draft, design.seen) == (False, "0.0")


async def test_rolling_back_publishes_an_older_revision_again(shop: TestTenant) -> None:
    await publish(shop, require_word)
    await publish(shop, add_chip)
    draft = await change(shop, lambda base, over: changed(base, over, "pet", {"label": "P"}))
    async with shop.unit("tenant_admin") as uow:
        assert await restore_design(uow, form_id=VISIT, revision=1) == 3
    assert [field.key for field in (await live(shop)).fields][-1] == "word"
    async with shop.unit("tenant_admin") as uow:
        found = await list_revisions(uow, VISIT)
        assert [(one.revision, one.status, one.restored_from) for one in found] == [
            (3, "live", 1),
            (2, "retired", None),
            (1, "retired", None),
        ]
        assert (await get_design(uow, VISIT)).overlay == draft.overlay
        with pytest.raises(NothingToPublish):
            await restore_design(uow, form_id=VISIT, revision=3)
        with pytest.raises(NotFound):
            await restore_design(uow, form_id=VISIT, revision=9)
    async with shop.unit("tenant_admin") as uow:
        assert await restore_design(uow, form_id=VISIT, revision=0) == 4
    assert version_of(await live(shop)) == version_of(msgspec.structs.replace(strict.FORM, id=VISIT))


async def test_designing_needs_its_permission_and_a_form_that_is_offered(shop: TestTenant) -> None:
    for act in (publish_design, undo_design, discard_design):
        with pytest.raises(Forbidden):
            async with shop.unit("front_desk") as uow:
                await act(uow, form_id=VISIT, seen="0.0")
    with pytest.raises(Forbidden):
        async with shop.unit("front_desk") as uow:
            await restore_design(uow, form_id=VISIT, revision=0)
    with pytest.raises(FormNotOffered):
        async with shop.unit() as uow:
            await get_design(uow, "strict.gone")


async def test_a_submission_keeps_its_version_and_a_draft_is_carried_over(shop: TestTenant) -> None:
    async with shop.unit("tenant_admin") as uow:
        code = (await create_link(uow, form_id=VISIT, max_uses=1)).code
    async with shop.unit() as uow:
        await save_draft(uow, code=code, answers={"word": "hello", "pet": "年糕"})
        filled = await record_intake(uow, form_id=VISIT, answers={"word": "old"}, once_key="a")
    await publish(shop, add_chip, lambda base, over: hidden(base, over, "pet"))
    async with shop.unit() as uow:
        stored = await get_submission(uow, filled.submission_id)
        assert [field.name for field in stored.view.sections[0].fields][-1] == "word"
        opened = await get_opened_form(uow, code)
        draft = await find_draft(uow, opened, key=None)
        assert draft is not None
        assert draft.carried.answers == {"word": "hello"}
        assert [one.value for one in draft.carried.leftovers] == ["年糕"]
        with pytest.raises(InvalidInput) as refused:
            await submit_intake(uow, code=code, answers={"word": "hello"}, once_key="b")
        assert [(one.path, one.code) for one in refused.value.problems] == [("x_chip", "required")]


async def test_changes_that_still_fit_come_along_with_a_plugins_upgrade(
    shop: TestTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(shop, require_word, add_chip)
    newer = upgraded(shop, monkeypatch, fields=(*strict.FORM.fields, NumberField(key="age")))
    form = await live(newer)
    assert [field.key for field in form.fields][-3:] == ["word", "x_chip", "age"]
    async with newer.unit() as uow:
        design = await get_design(uow, VISIT)
        assert (design.stand.conflicts, design.differences) == ((), ())


async def test_changes_that_no_longer_fit_leave_the_old_version_live_and_are_listed(
    shop: TestTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(shop, require_word, add_chip)
    before = await live(shop)
    retyped = (*strict.FORM.fields[:-1], RatingField(key="word"))
    newer = upgraded(shop, monkeypatch, fields=retyped)
    assert await live(newer) == before
    async with newer.unit("tenant_admin") as uow:
        assert await recheck_designs(uow) == 1
        assert await recheck_designs(uow) == 0
        design = await get_design(uow, VISIT)
        assert [(one.field, one.code) for one in design.conflicts] == [("word", "retyped"), ("x_chip", "asks-retyped")]
        assert not design.can_publish
        assert [row.status for row in await list_revisions(uow, VISIT)] == ["conflict"]
    with pytest.raises(DesignInConflict):
        await publish(newer)
    with pytest.raises(DesignInConflict):
        async with newer.unit("tenant_admin") as uow:
            await restore_design(uow, form_id=VISIT, revision=1)
    # One conflict dropped: the draft still knows that the other field was of another kind.
    design = await change(newer, lambda _, over: forgotten(over, "word"))
    assert [one.field for one in design.conflicts] == ["x_chip"]
    assert await publish(newer, lambda _, over: forgotten(over, "x_chip")) == 2
    form = await live(newer)
    assert isinstance(form.fields[-1], RatingField)
    async with newer.unit("tenant_admin") as uow:
        assert await recheck_designs(uow) == 0
        filled = await record_intake(uow, form_id=VISIT, answers={"word": 4}, once_key="new")
        assert (await get_submission(uow, filled.submission_id)).version == version_of(form)


async def test_a_definition_that_cannot_be_read_any_more_leaves_the_plugins_form(
    shop: TestTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = await change(shop, lambda base, over: hidden(base, over, "word"))
    async with shop.unit() as uow:
        row = {"tenant_id": uow.tenant_id, "form_id": VISIT, "version": version_of(design.form)}
        await uow.session.execute(insert(FormDefinition).values(**row, definition={"of": "old"}, created_at=uow.now))
    await publish(shop)
    newer = upgraded(shop, monkeypatch, fields=strict.FORM.fields[:-1])
    assert [field.key for field in (await live(newer)).fields] == ["phone", "pet", "story", "sex"]
    async with newer.unit() as uow:
        assert [(one.field, one.code) for one in (await get_design(uow, VISIT)).conflicts] == [("word", "gone")]
