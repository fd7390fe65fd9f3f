"""The price list at the desk: a draft in a table, what it changes, publishing from a day on, history, and the poster."""

import asyncio
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import FieldProblem, InvalidInput
from core.imports.rules.files import FileProblem, read_rows, sniff
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from core.visits.actions.prices import (
    give_price_code,
    keep_item,
    keep_items,
    publish_again,
    publish_prices,
    remove_item,
    start_draft,
    withdraw_prices,
)
from core.visits.queries.prices import (
    count_items,
    find_draft,
    find_live_version,
    find_price_code,
    get_version,
    list_items,
    list_versions,
)
from core.visits.rules.pasting import read_table, split_pasted
from core.visits.rules.prices import MAX_ITEMS, AmountUnread, Item, read_yuan
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.price_page import ItemForm, edition_view, show_edition_page
from web.problems import Refused, field_texts
from web.qr import qr_svg
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.visits import item_name

PATH: Final = "/t/{slug:str}/prices"
ONE: Final = PATH + "/{version_id:uuid}"
MANAGE: Final = [requires("prices.manage")]
BODY_LIMIT: Final = 64 * 1024
FILE_LIMIT: Final = 2 * 1024 * 1024

add_entry(
    Entry(
        id="prices",
        label=N_("Price list"),
        icon="tags",
        path="/prices",
        permission="prices.manage",
        group="manage",
        rank=110,
    )
)


class Removal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which item goes."""

    code: str = ""


class Publishing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when on, and why; an empty moment is now."""

    effective_from: str = ""
    note: str = ""


@get(PATH, guards=MANAGE)
async def show_prices(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    live, versions = await find_live_version(reader), await list_versions(reader)
    counts = await count_items(reader, [one.version_id for one in versions])
    code = await find_price_code(reader)
    address = f"{request.runtime.settings.public_url}/p/{code}" if code else ""
    return await show(
        request,
        "pages/prices/list.html",
        editions=[edition_view(one, live, reader.now, counts.get(one.version_id, 0)) for one in versions],
        draft=await find_draft(reader),
        live=live,
        address=address,
        qr=qr_svg(address) if address else "",
        root=tenant_path(request, "/prices"),
    )


@post(PATH + "/draft", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_start_draft(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    version_id = await start_draft(uow)
    return go_to(request, tenant_path(request, f"/prices/{version_id}"))


@post(PATH + "/poster", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_make_poster(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    await give_price_code(uow)
    return go_to(request, tenant_path(request, "/prices#poster"))


@get(ONE, guards=MANAGE)
async def show_edition(
    request: WebRequest, reader: NamedDependency[Reader], version_id: FromPath[UUID], edit: FromQuery[str] = ""
) -> Response[Any]:
    return await show_edition_page(request, reader, version_id, edit=edit)


async def _item(reader: Reader, form: ItemForm) -> Item:
    problems = []

    def fen(text: str, path: str) -> int | None:
        try:
            return read_yuan(text)
        except AmountUnread as unread:
            problems.append(FieldProblem(path, unread.code))
            return None

    price = fen(form.price, "price")
    if price is None and not problems:
        problems.append(FieldProblem("price", "required"))
    member = fen(form.member_price, "member_price")
    known = {str(branch.branch_id) for branch in await list_branches(reader)}
    branches = {}
    for branch, text in zip(form.branch, form.branch_price, strict=False):
        own = fen(text, f"branch-{branch}")
        if own is not None and branch in known:
            branches[branch] = own
    if problems:
        raise InvalidInput(tuple(problems))
    return Item(
        code=form.code.strip().upper(),
        name_zh=form.name_zh.strip(),
        name_en=form.name_en.strip(),
        category=form.category,
        unit=form.unit.strip(),
        price_fen=price or 0,
        member_price_fen=member,
        branch_prices=branches,
        consent_form=form.consent_form,
        check_form=form.check_form,
        active=form.active == "true",
    )


@post(ONE + "/items", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_keep_item(
    request: WebRequest, uow: NamedDependency[UnitOfWork], version_id: FromPath[UUID]
) -> Response[Any]:
    await get_version(uow, version_id)
    form = await request.read(ItemForm, lists=("branch", "branch_price"))
    try:
        item = await _item(uow, form)
        await keep_item(uow, version_id=version_id, item=item)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(
            await show_edition_page(request, uow, version_id, status=422, edit=form.code, values=form, errors=errors)
        ) from error
    toast = Toast(text=gettext("%(name)s is in the draft") % {"name": item_name(item)})
    return go_to(request, tenant_path(request, f"/prices/{version_id}#item-{item.code}"), toast=toast)


@post(ONE + "/items/remove", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_remove_item(
    request: WebRequest, uow: NamedDependency[UnitOfWork], version_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Removal)
    await remove_item(uow, version_id=version_id, code=form.code)
    return go_to(request, tenant_path(request, f"/prices/{version_id}"))


def _read_file(content: bytes) -> list[list[str]]:
    return [cells for _, cells in islice(read_rows(content, sniff(content)), MAX_ITEMS + 1)]


@post(ONE + "/paste", guards=MANAGE, request_max_body_size=FILE_LIMIT)
async def do_paste(request: WebRequest, uow: NamedDependency[UnitOfWork], version_id: FromPath[UUID]) -> Response[Any]:
    """A table pasted from a spreadsheet, or a CSV or xlsx file; one bad line stops all, so that none is overlooked."""
    await get_version(uow, version_id)
    data = await request.open_form()
    upload, text = data.get("file"), str(data.get("text", ""))
    try:
        if isinstance(upload, UploadFile) and upload.filename:
            table = await asyncio.to_thread(_read_file, await upload.read())
        else:
            table = split_pasted(text)[: MAX_ITEMS + 1]
    except FileProblem as problem:
        errors = field_texts((FieldProblem("file", problem.code, dict(problem.params)),))
        raise Refused(await show_edition_page(request, uow, version_id, status=422, errors=errors)) from problem
    pasted = read_table(table)
    items = [row.item for row in pasted.rows if row.item is not None]
    if pasted.missing or not items or len(items) < len(pasted.rows):
        raise Refused(await show_edition_page(request, uow, version_id, status=422, pasted=pasted, text=text))
    known = {item.code: item for item in await list_items(uow, version_id)}
    await keep_items(uow, version_id=version_id, items=[_with_forms(item, known.get(item.code)) for item in items])
    toast = Toast(text=gettext("%(n)s items are in the draft") % {"n": len(items)})
    return go_to(request, tenant_path(request, f"/prices/{version_id}"), toast=toast)


def _with_forms(item: Item, before: Item | None) -> Item:
    """A table names no forms and no branches: an item that was there keeps its own."""
    if before is None:
        return item
    return msgspec.structs.replace(
        item,
        consent_form=before.consent_form,
        check_form=before.check_form,
        branch_prices=before.branch_prices,
        active=before.active,
    )


def _moment(reader: Reader, text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput((FieldProblem("effective_from", "bad-date"),)) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(reader.scope.timezone))


async def _do_publish(request: WebRequest, uow: UnitOfWork, version_id: UUID, *, again: bool) -> Response[Any]:
    form = await request.read(Publishing)
    act = publish_again if again else publish_prices
    await get_version(uow, version_id)
    try:
        moment = _moment(uow, form.effective_from)
        done = await act(uow, version_id=version_id, effective_from=moment, note=form.note)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await show_edition_page(request, uow, version_id, status=422, errors=errors)) from error
    await give_price_code(uow)
    toast = Toast(text=gettext("Edition %(n)s is published") % {"n": done.number})
    return go_to(request, tenant_path(request, "/prices"), toast=toast)


@post(ONE + "/publish", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_publish(
    request: WebRequest, uow: NamedDependency[UnitOfWork], version_id: FromPath[UUID]
) -> Response[Any]:
    return await _do_publish(request, uow, version_id, again=False)


@post(ONE + "/again", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_publish_again(
    request: WebRequest, uow: NamedDependency[UnitOfWork], version_id: FromPath[UUID]
) -> Response[Any]:
    return await _do_publish(request, uow, version_id, again=True)


@post(ONE + "/withdraw", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_withdraw(
    request: WebRequest, uow: NamedDependency[UnitOfWork], version_id: FromPath[UUID]
) -> Response[Any]:
    await withdraw_prices(uow, version_id=version_id)
    toast = Toast(text=gettext("This edition was withdrawn"))
    return go_to(request, tenant_path(request, "/prices"), toast=toast)


routes = [
    show_prices,
    do_start_draft,
    do_make_poster,
    show_edition,
    do_keep_item,
    do_remove_item,
    do_paste,
    do_publish,
    do_publish_again,
    do_withdraw,
]
