"""Exports of customers: who and which columns, the files of the last days, progress, download and throwing away."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.customers.rules.names import clean_name
from core.errors import InvalidInput
from core.exports.actions import cancel_export, read_file, start_export
from core.exports.queries import ExportRecord, count_wanted, get_export, list_exports
from core.exports.rules import COLUMNS, ExportPlan, Wanted
from core.profiles.queries import list_tags
from core.programs.queries import get_ladder
from core.segments.queries import list_segments
from core.uow import Reader, UnitOfWork
from web.downloads import download
from web.htmx import redirect_headers, wants_partial
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, locale_of, show, tenant_path
from web.security import requires
from web.views.exports import KINDS, STATES, column_options, export_lines

PATH: Final = "/t/{slug:str}/customers/exports"
ONE: Final = PATH + "/{export_id:uuid}"
MAY: Final = [requires("customers.export")]
PAGE: Final = 25
BODY_LIMIT: Final = 64 * 1024
MAX_SEARCH: Final = 80


class ExportForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file as asked for."""

    q: str = ""
    tier: str = ""
    tag: str = ""
    segment: str = ""
    kind: str = "xlsx"
    columns: list[str] = []
    whole_phones: str = ""
    reason: str = ""


async def _wanted(reader: Reader, given: ExportForm) -> Wanted:
    """The filter as far as it names what this tenant has."""
    ladder = await get_ladder(reader)
    tiers = {one.code for one in ladder.tiers} if ladder else set()
    tags = {str(tag.tag_id) for tag in await list_tags(reader)}
    segments = {one.id for one in await list_segments(reader) if one.usable}
    return Wanted(
        q=clean_name(given.q)[:MAX_SEARCH],
        tier=given.tier if given.tier in tiers else "",
        tag=given.tag if given.tag in tags else "",
        segment=given.segment if given.segment in segments else "",
    )


async def _show_list(
    request: WebRequest,
    reader: Reader,
    wanted: Wanted,
    *,
    status: int = 200,
    values: ExportForm | None = None,
    errors: object = None,
    before: UUID | None = None,
) -> Response[Any]:
    exports = await list_exports(reader, before=before, limit=PAGE)
    root = tenant_path(request, "/customers/exports")
    ladder = await get_ladder(reader)
    return await show(
        request,
        "pages/exports/list.html",
        partial="pages/exports/_rows_more.html" if before else None,
        status=status,
        lines=export_lines(exports),
        more=f"{root}?before={exports[-1].export_id}" if len(exports) == PAGE else None,
        wanted=wanted,
        count=await count_wanted(reader, wanted),
        tiers=[(one.code, localized(one.label)) for one in ladder.tiers] if ladder else [],
        tags=[(str(tag.tag_id), tag.name) for tag in await list_tags(reader)],
        segments=[(one.id, localized(one.label)) for one in await list_segments(reader) if one.usable],
        columns=column_options(),
        kinds=[(value, gettext(words)) for value, words in KINDS.items()],
        values=values or ExportForm(columns=list(COLUMNS)),
        root=root,
        customers=tenant_path(request, "/customers"),
        errors=errors or {},
    )


@get(PATH, guards=MAY)
async def show_exports(
    request: WebRequest,
    reader: NamedDependency[Reader],
    q: FromQuery[str] = "",
    tier: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    segment: FromQuery[str] = "",
    before: FromQuery[UUID | None] = None,
) -> Response[Any]:
    wanted = await _wanted(reader, ExportForm(q=q, tier=tier, tag=tag, segment=segment))
    return await _show_list(request, reader, wanted, before=before)


@post(PATH, guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_start_export(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(ExportForm, lists=("columns",))
    wanted = await _wanted(uow, form)
    known = tuple(column for column in COLUMNS if column in form.columns)
    plan = ExportPlan(
        columns=known if len(known) == len(set(form.columns)) else tuple(form.columns),
        wanted=wanted,
        whole_phones=form.whole_phones == "true",
        reason=clean_name(form.reason),
        language="en" if locale_of(request) == "en" else "zh",
    )
    try:
        export_id = await start_export(uow, plan=plan, kind=form.kind)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show_list(request, uow, wanted, status=422, values=form, errors=texts)) from None
    return go_to(request, tenant_path(request, f"/customers/exports/{export_id}"))


def _frame(request: WebRequest, export: ExportRecord) -> dict[str, Any]:
    root = tenant_path(request, "/customers/exports")
    return {
        "export": export,
        "line": export_lines([export])[0],
        "state": (gettext(STATES[export.state][0]), STATES[export.state][1]),
        "root": root,
        "here": f"{root}/{export.export_id}",
        "customers": tenant_path(request, "/customers"),
    }


@get(ONE, guards=MAY)
async def show_export(request: WebRequest, reader: NamedDependency[Reader], export_id: FromPath[UUID]) -> Response[Any]:
    export = await get_export(reader, export_id)
    return await show(request, "pages/exports/export.html", **_frame(request, export))


@get(ONE + "/progress", guards=MAY)
async def show_export_progress(
    request: WebRequest, reader: NamedDependency[Reader], export_id: FromPath[UUID]
) -> Response[Any]:
    """What the bar asks each second; without script, the whole page."""
    export = await get_export(reader, export_id)
    frame = _frame(request, export)
    if not wants_partial(request.headers):
        return await show(request, "pages/exports/export.html", **frame)
    if export.state != "running":
        return Response(None, status_code=204, headers=redirect_headers(frame["here"]))
    return await show(request, "pages/exports/_progress.html", **frame)


@post(ONE + "/file", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_download(uow: NamedDependency[UnitOfWork], export_id: FromPath[UUID]) -> Response[bytes]:
    """A POST, for it writes down who took the file."""
    export, content = await read_file(uow, export_id=export_id)
    return download(content, f"customers-{export.number}.{export.kind}")


@post(ONE + "/cancel", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_cancel_export(
    request: WebRequest, uow: NamedDependency[UnitOfWork], export_id: FromPath[UUID]
) -> Response[Any]:
    await cancel_export(uow, export_id=export_id)
    path = tenant_path(request, "/customers/exports")
    return go_to(request, path, toast=Toast(text=gettext("The file was thrown away")))


routes = [show_exports, do_start_export, show_export, show_export_progress, do_download, do_cancel_export]
