"""Photos travel with a form, survive its refusal, are seen by staff through signed addresses only, and by nobody else."""

import io
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx
import pytest
from PIL import Image

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.files.actions import remove_file, store_file
from core.files.queries import FileFacts
from core.forms import attaching
from core.forms.actions import create_link
from core.forms.queries import LinkFacts, list_submissions
from tenants.plugin_settings import enable_plugin
from tests.rules.pictures import SVG, jpeg, signature
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]
INTAKE = "petclinic.intake"
ANSWERS = {
    "species": "cat",
    "pet_name": "年糕",
    "chief_complaint": "昨晚起吐了三次",
    "owner_name": "王小明",
    "owner_phone": "13800138000",
    "signature": signature(),
    "_once": "once-1",
}
HELD = re.compile(r'<input type="checkbox" name="photos" value="([^"]+)" checked')


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def link_of(tenant: TestTenant) -> LinkFacts:
    async with tenant.unit() as uow:
        return await create_link(uow, form_id=INTAKE)


def photo(content: bytes, name: str = "wound.jpg", field: str = "photos") -> tuple[str, tuple[str, bytes, str]]:
    return field, (name, content, "image/jpeg")


async def send(visitor: Browser, link: LinkFacts, *files: bytes, **more: object) -> httpx.Response:
    return await visitor.post(f"/q/{link.code}", data=ANSWERS | more, files=[photo(one) for one in files])


async def test_the_form_asks_for_photos_and_posts_them_in_parts(
    clinic: TestTenant, browser: Callable[[], Browser]
) -> None:
    page = (await browser().get(f"/q/{(await link_of(clinic)).code}")).text
    assert 'enctype="multipart/form-data"' in page
    assert re.search(r'<photo-input[^>]*data-max="3"', page)
    assert re.search(r'<input type="file" id="f-photos" name="photos" multiple', page)


async def test_a_photo_survives_a_refused_form_and_reaches_the_doctor(
    clinic: TestTenant, browser: Callable[[], Browser], client: Client
) -> None:
    visitor, link = browser(), await link_of(clinic)
    refused = await send(visitor, link, jpeg(place=True), pet_name="")
    assert refused.status_code == 422
    (token,) = HELD.findall(refused.text)
    assert "wound.jpg" in refused.text
    preview = re.search(r'<img src="(/q/[^"]+)"', refused.text)
    assert preview is not None
    seen = await visitor.get(unescape(preview[1]))
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")

    sent = await send(visitor, link, jpeg((60, 20)), photos=token)
    assert sent.status_code in {200, 201}, sent.text
    async with clinic.unit() as uow:
        (row,) = await list_submissions(uow)
    doctor = await client("doctor")
    page = (await doctor.get(f"/t/{clinic.slug}/forms/{row.submission_id}")).text
    opened = [unescape(one) for one in re.findall(r'<a class="file-tile" href="([^"]+)"', page)]
    small = [unescape(one) for one in re.findall(r'<img src="(/t/[^"]+size=small)"', page)]
    assert (len(opened), len(small)) == (2, 2)
    assert token not in page
    for address in (*opened, *small):
        answer = await doctor.get(address)
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith("inline; filename*=UTF-8''wound.jpg")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"].startswith("private")
        assert not Image.open(io.BytesIO(answer.content)).getexif()
    # Kept now: the writer's own address of the waiting file is none any more for a second form.
    again = await send(visitor, link, photos=token, _once="once-2")
    assert again.status_code == 422
    assert "please choose it again" in again.text


async def test_an_unticked_box_takes_a_photo_back(clinic: TestTenant, browser: Callable[[], Browser]) -> None:
    visitor, link = browser(), await link_of(clinic)
    first = await send(visitor, link, jpeg(), jpeg((50, 50)), pet_name="")
    kept, _dropped = HELD.findall(first.text)
    assert HELD.findall((await send(visitor, link, photos=kept, pet_name="")).text) == [kept]


async def test_more_photos_than_asked_for_are_refused_and_the_first_ones_kept(
    clinic: TestTenant, browser: Callable[[], Browser]
) -> None:
    answer = await send(browser(), await link_of(clinic), *(jpeg((20 + n, 20)) for n in range(4)))
    assert answer.status_code == 422
    assert len(HELD.findall(answer.text)) == 3
    assert "At most 3" in answer.text


@pytest.mark.parametrize(
    ("content", "words"),
    [(SVG, "SVG can hold programs"), (jpeg()[:300], "damaged"), (b"MZ" + b"\0" * 90, "not taken")],
)
async def test_s24_what_is_no_photo_is_refused_at_its_field(
    clinic: TestTenant, browser: Callable[[], Browser], content: bytes, words: str
) -> None:
    answer = await send(browser(), await link_of(clinic), content)
    assert answer.status_code == 422
    assert words in answer.text
    assert "昨晚起吐了三次" in answer.text


async def test_a_photo_of_60_mb_is_refused_by_its_field_and_what_was_typed_stays(
    clinic: TestTenant, browser: Callable[[], Browser]
) -> None:
    answer = await send(browser(), await link_of(clinic), jpeg() + b"\0" * 60_000_000)
    assert answer.status_code == 422
    assert "larger than 10 MB" in answer.text
    assert "昨晚起吐了三次" in answer.text
    assert 'value="年糕"' in answer.text


async def test_more_than_the_route_takes_is_413_and_says_that_nothing_typed_is_lost(
    clinic: TestTenant, browser: Callable[[], Browser]
) -> None:
    answer = await send(browser(), await link_of(clinic), b"\0" * 68_000_000)
    assert answer.status_code == 413
    assert "what you typed is still there" in answer.text
    assert "error-page" in answer.text


async def test_behind_one_link_only_so_much_waits(
    clinic: TestTenant, browser: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "MAX_WAITING", 100)
    visitor, link = browser(), await link_of(clinic)
    assert len(HELD.findall((await send(visitor, link, jpeg(), jpeg((50, 50)), pet_name="")).text)) == 1
    answer = await send(visitor, await link_of(clinic), jpeg(), pet_name="")
    assert len(HELD.findall(answer.text)) == 1
    refused = await send(visitor, link, jpeg())
    assert refused.status_code == 422
    assert "Too many files wait here" in refused.text


async def test_a_token_of_another_link_brings_nothing(clinic: TestTenant, browser: Callable[[], Browser]) -> None:
    visitor, mine, other = browser(), await link_of(clinic), await link_of(clinic)
    (token,) = HELD.findall((await send(visitor, mine, jpeg(), pet_name="")).text)
    answer = await send(visitor, other, photos=token)
    assert answer.status_code == 422
    assert HELD.findall(answer.text) == []
    forged = await send(visitor, mine, photos='x"><script>', _once="once-3")
    assert forged.status_code == 422
    assert "<script>" not in forged.text.partition("<main")[2]


async def kept(tenant: TestTenant) -> tuple[UUID, FileFacts]:
    async with tenant.unit() as uow:
        owner = await add_customer(uow, draft=CustomerDraft(full_name="王小明"), allow_duplicate=True)
        made = await store_file(
            uow, content=jpeg(), filename="a.jpg", purpose="customer", owner_kind="customer", owner_id=owner
        )
        return owner, made


async def address_of(desk: Browser, tenant: TestTenant, owner: UUID) -> str:
    page = (await desk.get(f"/t/{tenant.slug}/customers/{owner}")).text
    found = re.search(rf'href="(/t/{tenant.slug}/files/[^"]+)"', page)
    assert found is not None, page
    return unescape(found[1])


async def test_s23_only_the_signed_address_opens_a_file(
    tenant_a: TestTenant, tenant_b: TestTenant, client: Client, browser: Callable[[], Browser], clock: MovableClock
) -> None:
    owner, file = await kept(tenant_a)
    _, twin = await kept(tenant_a)
    desk = await client("front_desk")
    address = await address_of(desk, tenant_a, owner)
    path, _, query = address.partition("?")
    assert (await desk.get(address)).status_code == 200
    expires, _, mac = query.removeprefix("sig=").partition(".")
    for forged in (
        path,
        f"{path}?sig=",
        f"{path}?sig={expires}.{'0' * 32}",
        f"{path}?sig={int(expires, 16) + 99999:x}.{mac}",
        f"{path}?sig=zz.{mac}",
        f"{path}?sig={'f' * 20}.{mac}",
        f"{path}?sig={expires}.é",
        f"/t/{tenant_a.slug}/files/{twin.file_id}?{query}",
    ):
        assert (await desk.get(forged)).status_code == 404, forged
    # The same address at another tenant, by another tenant's staff, without a session, and through another door.
    theirs = await client("front_desk", tenant_b)
    elsewhere = address.replace(f"/t/{tenant_a.slug}/", f"/t/{tenant_b.slug}/")
    assert (await theirs.get(elsewhere)).status_code == 404
    assert (await theirs.get(address)).status_code in {303, 401, 404}
    assert (await browser().get(address)).status_code in {303, 401}
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    code = (await link_of(tenant_a)).code
    assert (await browser().get(f"/q/{code}/files/{file.file_id}?{query}")).status_code == 404
    # A role that may not see customers may not see their files; a removed file is gone; so is an old address.
    lawyer = await client("legal_counsel")
    assert (await lawyer.get(address)).status_code == 404
    async with tenant_a.unit() as uow:
        await remove_file(uow, file_id=file.file_id, owner_kind="customer", owner_id=owner)
    assert (await desk.get(address)).status_code == 404
    other, _ = await kept(tenant_a)
    address = await address_of(desk, tenant_a, other)
    clock.advance(timedelta(minutes=59))
    assert (await desk.get(address)).status_code == 200
    clock.advance(timedelta(minutes=30))
    assert (await desk.get(address)).status_code == 404


async def test_the_desk_adds_a_file_removes_it_and_brings_it_back(tenant_a: TestTenant, client: Client) -> None:
    async with tenant_a.unit() as uow:
        owner = await add_customer(uow, draft=CustomerDraft(full_name="王小明"))
    desk = await client("front_desk")
    here = f"/t/{tenant_a.slug}/customers/{owner}"
    for content, words in ((SVG, "SVG can hold programs"), (b"", "The file is empty")):
        refused = await desk.send_form(f"{here}/files", files=[photo(content, field="file")])
        assert refused.status_code == 422
        assert words in refused.text
    assert (await desk.send_form(f"{here}/files")).status_code == 422
    added = await desk.send_form(f"{here}/files", files=[photo(b"%PDF-1.7 x", "化验单.pdf", "file")])
    assert (added.status_code, added.headers["location"]) == (303, f"{here}#papers")
    page = (await desk.get(here)).text
    assert "化验单.pdf" in page
    address = await address_of(desk, tenant_a, owner)
    answer = await desk.get(address)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (await desk.get(f"{address}&size=small")).status_code == 404
    file_id = address.partition("/files/")[2].partition("?")[0]
    removed = await desk.send_form(f"{here}/files/{file_id}/remove")
    assert removed.status_code == 303
    after = (await desk.get(here)).text
    assert f"{here}/files/{file_id}/restore" in after
    assert (await desk.send_form(f"{here}/files/{file_id}/restore")).status_code == 303
    assert "化验单.pdf" in (await desk.get(here)).text
    stranger = await kept(tenant_a)
    assert (await desk.send_form(f"{here}/files/{stranger[1].file_id}/remove")).status_code == 404
