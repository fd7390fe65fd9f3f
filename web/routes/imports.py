"""Imports: upload, columns, dry run, progress, result, error file and undo, each a page that works without script."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import FieldProblem, InvalidInput
from core.imports.actions import (
    cancel_import,
    change_layout,
    discard_import,
    forget_mapping,
    map_columns,
    resume_import,
    start_import,
    upload_file,
)
from core.imports.beyond import list_own_fields
from core.imports.queries import BatchRecord, get_batch, get_preview, list_batches, list_rows, list_targets
from core.imports.rules.files import MAX_BYTES, MAX_ROWS, write_workbook
from core.imports.undoing import start_undo
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from web.downloads import csv_download, download
from web.htmx import redirect_headers, wants_partial
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problem_texts import field_text
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.imports import (
    DELIMITERS,
    ENCODINGS,
    OUTCOMES,
    STATES,
    error_table,
    mapping_lines,
    pace_of,
    row_lines,
    target_options,
    tiles,
)

PATH: Final = "/t/{slug:str}/imports"
ONE: Final = PATH + "/{batch_id:uuid}"
MAY: Final = [requires("customers.import")]
PAGE: Final = 50
BATCHES: Final = 25
ERROR_ROWS: Final = 100_000
BODY_LIMIT: Final = 64 * 1024
UPLOAD_LIMIT: Final = MAX_BYTES + 64 * 1024
BUSY: Final = frozenset({"checking", "running", "undoing"})
STUCK: Final = timedelta(minutes=3)
_STEPS: Final = (N_("File"), N_("Columns"), N_("Check"), N_("Import"))
_AT: Final = {"uploaded": 1, "failed": 1, "checking": 2, "checked": 2}


class LayoutForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another way to read the file; empty leaves it to us."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: str = ""


add_entry(
    Entry(
        id="imports",
        label=N_("Imports"),
        icon="file-up",
        path="/imports",
        permission="customers.import",
        group="manage",
        rank=300,
    )
)


async def _show_list(
    request: WebRequest, reader: Reader, *, status: int = 200, errors: object = None, before: int | None = None
) -> Response[Any]:
    batches = await list_batches(reader, before=before, limit=BATCHES)
    root = tenant_path(request, "/imports")
    return await show(
        request,
        "pages/imports/list.html",
        partial="pages/imports/_batches_more.html" if before else None,
        status=status,
        batches=[(batch, gettext(STATES[batch.state][0]), STATES[batch.state][1]) for batch in batches],
        more=f"{root}?before={batches[-1].number}" if len(batches) == BATCHES else None,
        max_rows=MAX_ROWS,
        max_mb=MAX_BYTES // 1024 // 1024,
        root=root,
        errors=errors or {},
    )


@get(PATH, guards=MAY)
async def show_imports(
    request: WebRequest, reader: NamedDependency[Reader], before: FromQuery[int | None] = None
) -> Response[Any]:
    return await _show_list(request, reader, before=before)


@post(PATH, guards=MAY, request_max_body_size=UPLOAD_LIMIT)
async def do_upload(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    sent = (await request.open_form()).get("file")
    content = await sent.read() if isinstance(sent, UploadFile) else b""
    name = sent.filename if isinstance(sent, UploadFile) else ""
    try:
        batch_id = await upload_file(uow, filename=name, content=content)
    except InvalidInput as error:
        raise Refused(await _show_list(request, uow, status=422, errors=field_texts(error.problems))) from None
    return go_to(request, tenant_path(request, f"/imports/{batch_id}"))


async def _show_mapping(
    request: WebRequest,
    reader: Reader,
    batch: BatchRecord,
    *,
    status: int = 200,
    fields: Mapping[str, Any] | None = None,
    errors: object = None,
) -> Response[Any]:
    plan = batch.plan
    mapping = _mapping(fields, len(plan.header.names)) if fields else plan.mapping
    values = {
        "existing": plan.existing,
        "take_second_phone": "true" if plan.take_second_phone else "",
        "branch_id": str(plan.branch_id or reader.actor.branch_id or ""),
    }
    targets = await list_targets(reader)
    return await show(
        request,
        "pages/imports/mapping.html",
        status=status,
        **_frame(request, batch),
        columns=mapping_lines(batch, await get_preview(reader, batch.batch_id), mapping),
        targets=target_options(targets, await list_own_fields(reader), locale=reader.scope.locale),
        unmapped=sum(not target for target in mapping),
        has_subjects="pet_name" in targets,
        branches=[(str(branch.branch_id), branch.name) for branch in await list_branches(reader)],
        encodings=ENCODINGS,
        delimiters=[(value, gettext(words)) for value, words in DELIMITERS],
        values=values | dict(fields or {}),
        fault=gettext(field_text(batch.fault)) % {"max": MAX_ROWS, "line": "?"} if batch.fault else "",
        errors=errors or {},
    )


def _frame(request: WebRequest, batch: BatchRecord) -> dict[str, Any]:
    root = tenant_path(request, "/imports")
    return {
        "batch": batch,
        "state": (gettext(STATES[batch.state][0]), STATES[batch.state][1]),
        "steps": [gettext(step) for step in _STEPS],
        "step": _AT.get(batch.state, 3),
        "root": root,
        "here": f"{root}/{batch.batch_id}",
        "tenant": tenant_path(request),
        "pace": pace_of(batch, request.visit.now),
        "stuck": batch.state in BUSY and request.visit.now - (batch.started_at or batch.created_at) > STUCK,
    }


@get(ONE, guards=MAY)
async def show_import(
    request: WebRequest,
    reader: NamedDependency[Reader],
    batch_id: FromPath[UUID],
    step: FromQuery[str] = "",
    outcome: FromQuery[str] = "",
    after: FromQuery[int] = 0,
) -> Response[Any]:
    batch = await get_batch(reader, batch_id)
    if batch.state in {"uploaded", "failed"} or (batch.state == "checked" and step == "columns"):
        return await _show_mapping(request, reader, batch)
    return await _show_rows(request, reader, batch, outcome=outcome, after=max(after, 0))


async def _show_rows(
    request: WebRequest,
    reader: Reader,
    batch: BatchRecord,
    *,
    outcome: str = "",
    after: int = 0,
    status: int = 200,
    errors: object = None,
) -> Response[Any]:
    """The dry run, the run or its result: numbers above, rows below, the bad ones first asked for."""
    kept = outcome == "kept"
    chosen = outcome if outcome in {*OUTCOMES, "all", "kept"} else ("error" if batch.counts.error else "all")
    rows = await list_rows(
        reader,
        batch.batch_id,
        outcomes=[chosen] if chosen in OUTCOMES else (),
        states=["kept"] if kept else (),
        after=after,
        limit=PAGE,
    )
    frame = _frame(request, batch)
    more = f"{frame['here']}?outcome={chosen}&after={rows[-1].row_no}" if len(rows) == PAGE else None
    partial = "pages/imports/_rows_more.html" if after else "pages/imports/_rows.html"
    return await show(
        request,
        "pages/imports/rows.html",
        partial=partial,
        status=status,
        **frame,
        tiles=tiles(batch.counts),
        chosen=chosen,
        lines=row_lines(rows, batch),
        more=more,
        errors=errors or {},
    )


@get(ONE + "/progress", guards=MAY)
async def show_progress(
    request: WebRequest, reader: NamedDependency[Reader], batch_id: FromPath[UUID]
) -> Response[Any]:
    """What the bar asks each second; without script, the whole page."""
    batch = await get_batch(reader, batch_id)
    if not wants_partial(request.headers):
        return await _show_rows(request, reader, batch)
    if batch.state not in BUSY:
        return Response(None, status_code=204, headers=redirect_headers(_frame(request, batch)["here"]))
    return await show(request, "pages/imports/_progress.html", **_frame(request, batch))


@get(ONE + "/errors.csv", guards=MAY)
async def show_errors(reader: NamedDependency[Reader], batch_id: FromPath[UUID]) -> Response[bytes]:
    batch, table = await _errors(reader, batch_id)
    return csv_download(table, f"import-{batch.number}-errors.csv")


@get(ONE + "/errors.xlsx", guards=MAY)
async def show_errors_workbook(reader: NamedDependency[Reader], batch_id: FromPath[UUID]) -> Response[bytes]:
    batch, table = await _errors(reader, batch_id)
    content = write_workbook(table, gettext("Needs correction"))
    return download(content, f"import-{batch.number}-errors.xlsx")


async def _errors(reader: Reader, batch_id: UUID) -> tuple[BatchRecord, list[list[str]]]:
    batch = await get_batch(reader, batch_id)
    rows = await list_rows(reader, batch_id, outcomes=["error"], limit=ERROR_ROWS)
    return batch, error_table(batch, rows)


@post(ONE + "/layout", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_change_layout(
    request: WebRequest, uow: NamedDependency[UnitOfWork], batch_id: FromPath[UUID]
) -> Response[Any]:
    batch = await get_batch(uow, batch_id)
    form = await request.read(LayoutForm)
    row = int(form.header_row) if form.header_row.isdecimal() and len(form.header_row) < 5 else None
    try:
        await change_layout(
            uow, batch_id=batch_id, encoding=form.encoding, delimiter=form.delimiter, sheet=form.sheet, header_row=row
        )
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show_mapping(request, uow, batch, status=422, errors=texts)) from None
    return go_to(request, tenant_path(request, f"/imports/{batch_id}"))


def _mapping(fields: Mapping[str, Any], width: int) -> tuple[str, ...]:
    return tuple(str(fields.get(f"column_{column}", "")) for column in range(width))


@post(ONE + "/mapping", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_map_columns(
    request: WebRequest, uow: NamedDependency[UnitOfWork], batch_id: FromPath[UUID]
) -> Response[Any]:
    batch = await get_batch(uow, batch_id)
    fields = await request.open_form()
    width = len(batch.plan.header.names)
    try:
        branch_id, existing = await _choices(uow, fields, width)
        await map_columns(
            uow,
            batch_id=batch_id,
            mapping=_mapping(fields, width),
            existing=existing,
            take_second_phone=fields.get("take_second_phone") == "true",
            branch_id=branch_id,
        )
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show_mapping(request, uow, batch, status=422, fields=fields, errors=texts)) from None
    return go_to(request, tenant_path(request, f"/imports/{batch_id}"))


async def _choices(
    reader: Reader, fields: Mapping[str, Any], width: int
) -> tuple[UUID | None, Literal["update", "skip"]]:
    allowed = {"existing", "take_second_phone", "branch_id", *(f"column_{column}" for column in range(width))}
    problems = [FieldProblem(name, "unknown-field") for name in fields if name not in allowed]
    branches = {str(branch.branch_id): branch.branch_id for branch in await list_branches(reader)}
    chosen = str(fields.get("branch_id", ""))
    if chosen and chosen not in branches:
        problems.append(FieldProblem("branch_id", "unknown-branch"))
    if problems:
        raise InvalidInput(tuple(problems))
    return branches.get(chosen), "skip" if fields.get("existing") == "skip" else "update"


@post(ONE + "/start", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_start(request: WebRequest, uow: NamedDependency[UnitOfWork], batch_id: FromPath[UUID]) -> Response[Any]:
    batch = await get_batch(uow, batch_id)
    try:
        await start_import(uow, batch_id=batch_id)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show_rows(request, uow, batch, status=422, errors=texts)) from None
    return go_to(request, tenant_path(request, f"/imports/{batch_id}"))


@post(ONE + "/resume", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_resume(request: WebRequest, uow: NamedDependency[UnitOfWork], batch_id: FromPath[UUID]) -> Response[Any]:
    await resume_import(uow, batch_id=batch_id)
    return go_to(request, tenant_path(request, f"/imports/{batch_id}"))


@post(ONE + "/undo", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_undo(request: WebRequest, uow: NamedDependency[UnitOfWork], batch_id: FromPath[UUID]) -> Response[Any]:
    await start_undo(uow, batch_id=batch_id)
    return go_to(request, tenant_path(request, f"/imports/{batch_id}"))


@post(ONE + "/cancel", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_cancel(request: WebRequest, uow: NamedDependency[UnitOfWork], batch_id: FromPath[UUID]) -> Response[Any]:
    await cancel_import(uow, batch_id=batch_id)
    toast = Toast(text=gettext("Stopped; what was written stays and can be undone"))
    return go_to(request, tenant_path(request, f"/imports/{batch_id}"), toast=toast)


@post(ONE + "/forget", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_forget(request: WebRequest, uow: NamedDependency[UnitOfWork], batch_id: FromPath[UUID]) -> Response[Any]:
    await forget_mapping(uow, batch_id=batch_id)
    toast = Toast(text=gettext("Forgotten; the columns are proposed by their headings"))
    return go_to(request, tenant_path(request, f"/imports/{batch_id}"), toast=toast)


@post(ONE + "/discard", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_discard(request: WebRequest, uow: NamedDependency[UnitOfWork], batch_id: FromPath[UUID]) -> Response[Any]:
    await discard_import(uow, batch_id=batch_id)
    return go_to(request, tenant_path(request, "/imports"), toast=Toast(text=gettext("The file was thrown away")))


routes = [
    show_imports,
    do_upload,
    show_import,
    show_progress,
    show_errors,
    show_errors_workbook,
    do_change_layout,
    do_map_columns,
    do_start,
    do_resume,
    do_undo,
    do_cancel,
    do_forget,
    do_discard,
]
