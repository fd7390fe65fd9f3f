"""Files inside the database: kept once per content, held by token for one form, removed and brought back, erased in time."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.errors import InvalidInput, NotFound
from core.files.actions import (
    CHUNK,
    Prepared,
    claim_quarantined,
    erase_files,
    keep_prepared,
    prepare_aside,
    purge_files,
    quarantine_file,
    remove_file,
    restore_file,
    store_file,
    store_made,
)
from core.files.queries import (
    find_quarantined,
    get_content,
    get_file,
    get_thumbnail,
    list_files,
    list_files_of,
)
from core.files.rules import hash_of_token
from core.uow import UnitOfWork
from tests.rules.pictures import SVG, jpeg
from tests.workplaces import MovableClock, TestTenant


async def somebody(uow: UnitOfWork) -> UUID:
    return await add_customer(uow, draft=CustomerDraft(full_name="王小明"), allow_duplicate=True)


async def contents(uow: UnitOfWork) -> int:
    counted = await uow.session.scalar(
        text("SELECT count(DISTINCT sha256) FROM file_content WHERE tenant_id = :t"), {"t": uow.tenant_id}
    )
    assert isinstance(counted, int)
    return counted


async def test_a_photo_is_kept_without_its_place_and_read_back_whole(uow: UnitOfWork) -> None:
    owner = await somebody(uow)
    kept = await store_file(
        uow, content=jpeg(place=True), filename="../x.png", purpose="customer", owner_kind="customer", owner_id=owner
    )
    assert (kept.filename, kept.media_type, kept.state, kept.is_image) == ("x.jpg", "image/jpeg", "kept", True)
    content = await get_content(uow, await get_file(uow, kept.file_id))
    assert len(content) == kept.size
    assert b"SECRET" not in content
    assert (await get_thumbnail(uow, kept.file_id)).startswith(b"\xff\xd8")
    assert [one.file_id for one in await list_files(uow, owner_kind="customer", owner_id=owner)] == [kept.file_id]
    assert await list_files_of(uow, owner_kind="customer", owner_ids=[owner], purpose="other") == []


async def test_s24_what_is_refused_is_named_at_the_file(uow: UnitOfWork) -> None:
    with pytest.raises(InvalidInput) as refused:
        await store_file(
            uow, content=SVG, filename="a.jpg", purpose="customer", owner_kind="customer", owner_id=uuid4()
        )
    assert [(one.path, one.code) for one in refused.value.problems] == [("file", "file_svg")]


async def test_the_same_bytes_are_kept_once_and_go_with_their_last_owner(uow: UnitOfWork) -> None:
    one, two = await somebody(uow), await somebody(uow)
    content = b"%PDF-1.7" + b"x" * (2 * CHUNK)
    for owner in (one, two):
        await store_file(
            uow, content=content, filename="a.pdf", purpose="report", owner_kind="customer", owner_id=owner
        )
    assert await contents(uow) == 1
    (file,) = await list_files(uow, owner_kind="customer", owner_id=two)
    assert await get_content(uow, file) == content
    assert await erase_files(uow, owner_kind="customer", owner_ids=[one]) == 1
    assert await get_content(uow, file) == content
    assert await erase_files(uow, owner_kind="customer", owner_ids=[one]) == 0
    assert await erase_files(uow, owner_kind="customer", owner_ids=[two]) == 1
    assert await contents(uow) == 0
    with pytest.raises(NotFound):
        await get_file(uow, file.file_id)
    with pytest.raises(NotFound):
        await get_content(uow, file)
    with pytest.raises(NotFound):
        await get_thumbnail(uow, file.file_id)


async def held(uow: UnitOfWork, link: UUID | None) -> str:
    ready = await prepare_aside(jpeg(), filename="a.jpg")
    return (await quarantine_file(uow, ready, purpose="symptom", owner_kind="form_link", owner_id=link)).token


async def test_a_token_claims_its_file_once_and_for_its_own_form_only(uow: UnitOfWork) -> None:
    link, other, submission = uuid4(), uuid4(), uuid4()
    token = await held(uow, link)
    claim = {"owner_kind": "submission", "owner_id": submission}
    assert await find_quarantined(uow, tokens=[token], owner_kind="form_link", owner_id=other) == {}
    assert list(await find_quarantined(uow, tokens=[token, "x"], owner_kind="form_link", owner_id=link)) == [token]
    assert await find_quarantined(uow, tokens=[], owner_kind="form_link", owner_id=link) == {}
    assert await claim_quarantined(uow, tokens=[token], from_kind="form_link", from_id=other, **claim) == {}  # type: ignore[arg-type]
    assert await claim_quarantined(uow, tokens=[], from_kind="form_link", from_id=link, **claim) == {}  # type: ignore[arg-type]
    kept = await claim_quarantined(uow, tokens=[token], from_kind="form_link", from_id=link, **claim)  # type: ignore[arg-type]
    assert (kept[token].state, kept[token].owner_id, kept[token].retain_until) == ("kept", submission, None)
    assert await claim_quarantined(uow, tokens=[token], from_kind="form_link", from_id=link, **claim) == {}  # type: ignore[arg-type]


async def test_a_token_of_staff_belongs_to_no_link(uow: UnitOfWork) -> None:
    token = await held(uow, None)
    assert list(await find_quarantined(uow, tokens=[token], owner_kind="form_link", owner_id=None)) == [token]


async def test_a_token_of_another_tenant_finds_nothing(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    link = uuid4()
    async with tenant_a.unit() as uow:
        token = await held(uow, link)
    async with tenant_b.unit() as uow:
        assert await find_quarantined(uow, tokens=[token], owner_kind="form_link", owner_id=link) == {}


def test_the_table_does_not_hold_the_token() -> None:
    assert hash_of_token("secret") != "secret"
    assert len(hash_of_token("\ud800")) == 64


async def test_quarantine_lasts_a_day(tenant_a: TestTenant, clock: MovableClock) -> None:
    async with tenant_a.unit() as uow:
        token = await held(uow, None)
    clock.advance(timedelta(hours=23))
    async with tenant_a.unit() as uow:
        assert await purge_files(uow) == 0
    clock.advance(timedelta(hours=2))
    async with tenant_a.unit() as uow:
        assert await purge_files(uow) == 1
        assert await contents(uow) == 0
        assert await find_quarantined(uow, tokens=[token], owner_kind="form_link", owner_id=None) == {}


async def test_retention_erases_the_bytes_and_the_name_and_keeps_the_digest(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    async with tenant_a.unit() as uow:
        owner = await somebody(uow)
        kept = await store_made(
            uow,
            content=b"%PDF-1.7 made",
            filename="王小明.pdf",
            media_type="application/pdf",
            purpose="export",
            owner_kind="customer",
            owner_id=owner,
            retain_until=uow.now + timedelta(days=7),
        )
        assert kept.filename == "王小明.pdf"
    clock.advance(timedelta(days=7))
    async with tenant_a.unit() as uow:
        assert await purge_files(uow) == 1
        row = (
            await uow.session.execute(
                text("SELECT state, filename, sha256 FROM stored_file WHERE tenant_id = :t AND file_id = :f"),
                {"t": uow.tenant_id, "f": kept.file_id},
            )
        ).one()
        assert tuple(row) == ("erased", "", kept.sha256)
        assert await purge_files(uow) == 0


async def test_a_removed_file_comes_back_until_it_is_erased(tenant_a: TestTenant, clock: MovableClock) -> None:
    async with tenant_a.unit() as uow:
        owner = await somebody(uow)
        ready = Prepared(b"%PDF-1.7", "ab" * 32, "application/pdf", "a.pdf", None)
        kept = await keep_prepared(uow, ready, purpose="report", owner_kind="customer", owner_id=owner)
        mine = {"file_id": kept.file_id, "owner_kind": "customer", "owner_id": owner}
        await remove_file(uow, **mine)  # type: ignore[arg-type]
        assert await list_files(uow, owner_kind="customer", owner_id=owner) == []
        with pytest.raises(NotFound):
            await get_file(uow, kept.file_id)
        await restore_file(uow, **mine)  # type: ignore[arg-type]
        assert len(await list_files(uow, owner_kind="customer", owner_id=owner)) == 1
        with pytest.raises(NotFound):
            await remove_file(uow, **mine | {"owner_id": uuid4()})  # type: ignore[arg-type]
        await remove_file(uow, **mine)  # type: ignore[arg-type]
    clock.advance(timedelta(days=31))
    async with tenant_a.unit() as uow:
        assert await purge_files(uow) == 1
        with pytest.raises(NotFound):
            await restore_file(uow, **mine)  # type: ignore[arg-type]


async def test_s22_a_name_without_an_ending_is_a_name(uow: UnitOfWork) -> None:
    made = await store_made(
        uow,
        content=b"x",
        filename="../LICENCE",
        media_type="text/plain",
        purpose="export",
        owner_kind="customer",
        owner_id=uuid4(),
    )
    assert made.filename == "LICENCE"
