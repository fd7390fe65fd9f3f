"""Files of a form: claimed by what we saw and not by what was told, kept for their time, and gone from a draft with their day."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.db import new_id
from core.errors import FieldProblem, InvalidInput
from core.files.actions import prepare_aside, purge_files
from core.files.queries import get_file
from core.forms.attaching import attach_files, hold_file, record_of, without_lost_files
from core.hooks.records.forms import FileField, Form, TextField
from core.uow import UnitOfWork
from tests.rules.pictures import jpeg
from tests.workplaces import MovableClock, TestTenant

PHOTO = FileField(key="photos", max_rows=3, retain_days=30)
SCAN = FileField(key="scan", accept=("application/pdf",))
FORM = Form(id="a", title="", fields=(PHOTO, SCAN))
LINK = UUID(int=5)


async def held(uow: UnitOfWork, field: FileField = PHOTO) -> dict[str, Any]:
    ready = await prepare_aside(jpeg(), filename="a.jpg")
    made = await hold_file(uow, ready, field, link_id=LINK)
    return record_of(made.file, made.token)


async def attach(uow: UnitOfWork, data: dict[str, Any]) -> dict[str, Any]:
    return (await attach_files(uow, FORM, data, link_id=LINK, submission_id=new_id())).data


async def test_what_is_stored_of_a_file_is_what_we_saw(uow: UnitOfWork) -> None:
    record = await held(uow)
    told = record | {"name": "evil.html", "size": 1}
    (stored,) = (await attach(uow, {"photos": [told]}))["photos"]
    assert (stored["name"], stored["size"], stored["type"]) == (record["name"], record["size"], "image/jpeg")
    file = await get_file(uow, UUID(stored["token"]))
    assert (file.purpose, file.retain_until) == ("photos", uow.now + timedelta(days=30))


async def test_a_file_of_another_kind_or_of_nobody_is_refused_where_it_stands(uow: UnitOfWork) -> None:
    record = await held(uow)
    lie = record | {"type": "application/pdf"}
    with pytest.raises(InvalidInput) as refused:
        await attach(uow, {"scan": [lie], "photos": [record | {"token": "nobody"}]})
    assert refused.value.problems == (FieldProblem("photos", "file_gone"), FieldProblem("scan", "option"))


async def test_one_file_stands_at_one_place(uow: UnitOfWork) -> None:
    record = await held(uow)
    await attach(uow, {"photos": [record]})
    with pytest.raises(InvalidInput, match="file_gone"):
        await attach(uow, {"photos": [record]})
    twice = await held(uow)
    with pytest.raises(InvalidInput, match="file_gone"):
        await attach(uow, {"photos": [twice, twice]})


async def test_a_draft_loses_its_file_with_its_day_and_says_where(tenant_a: TestTenant, clock: MovableClock) -> None:
    async with tenant_a.unit() as uow:
        answers = {"photos": [await held(uow)]}
        assert await without_lost_files(uow, FORM, answers, link_id=LINK) == (answers, ())
        plain = Form(id="b", title="", fields=(TextField(key="t"),))
        assert await without_lost_files(uow, plain, {"t": "x"}, link_id=LINK) == ({"t": "x"}, ())
    clock.advance(timedelta(hours=25))
    async with tenant_a.unit() as uow:
        await purge_files(uow)
        kept, lost = await without_lost_files(uow, FORM, answers, link_id=LINK)
        assert (kept, lost) == ({"photos": []}, (FieldProblem("photos", "file_gone"),))


async def test_what_an_attempt_wrote_is_undone_and_what_came_before_stays(uow: UnitOfWork) -> None:
    record = await held(uow)
    uow.wake = False
    messages = len(uow.messages)

    async def refused() -> None:
        async with uow.attempt():
            await attach(uow, {"photos": [record]})
            await uow.enqueue("files.purge", {})
            uow.publish("x", {})
            uow.audit("x", "x")
            raise InvalidInput

    with pytest.raises(InvalidInput):
        await refused()
    assert (uow.wake, len(uow.messages)) == (False, messages)
    assert (await attach(uow, {"photos": [record]}))["photos"]
