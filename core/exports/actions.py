"""Writes files of customers: asked for with a reason where numbers are whole, made in pieces, kept for seven days."""

import io
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import xlsxwriter
from sqlalchemy import delete, insert, select, update

from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.exports.models import ExportJob, ExportPiece
from core.exports.queries import ExportRecord, count_wanted, get_export, list_people, list_pieces, list_wanted
from core.exports.rules import (
    INLINE_ROWS,
    KEPT_DAYS,
    PIECE,
    ExportPlan,
    csv_piece,
    headings,
    lines,
    plan_problems,
)
from core.uow import UnitOfWork

_J, _I = table_of(ExportJob), table_of(ExportPiece)
RUN_TASK: Final = "exports.run"
EXPIRE_TASK: Final = "exports.expire"
_PART: Final = 1024 * 1024


class ExportNotKept(Conflict):
    """The file is still being written, was cancelled, or its seven days are over."""

    code = "export-not-kept"


async def start_export(uow: UnitOfWork, *, plan: ExportPlan, kind: str) -> UUID:
    """Ask for a file; a short one is written at once, a long one by the worker.

    Raises:
        InvalidInput: no column, an unknown one, or whole numbers without a reason.
    """
    problems = list(plan_problems(plan, kind))
    total = 0 if problems else await count_wanted(uow, plan.wanted)
    if not problems and not total:
        problems.append(FieldProblem("", "nothing-to-export"))
    if problems:
        raise InvalidInput(tuple(problems))
    export_id = new_id()
    await uow.session.execute(
        insert(_J).values(
            tenant_id=uow.tenant_id,
            export_id=export_id,
            number=await uow.next_number("export"),
            kind=kind,
            settings=msgspec.to_builtins(plan),
            state="running",
            rows_total=total,
            rows_done=0,
            size_bytes=0,
            created_at=uow.now,
            created_by=uow.actor.id,
            created_by_name=uow.actor.name,
            expires_at=uow.now + timedelta(days=KEPT_DAYS),
        )
    )
    told = {"kind": kind, "customers": total, "columns": list(plan.columns), "filter": _filter(plan)}
    uow.audit(
        "customers.export", "export", export_id, told | {"whole_phones": plan.whole_phones, "reason": plan.reason}
    )
    await uow.enqueue(EXPIRE_TASK, {"export_id": str(export_id)}, run_at=uow.now + timedelta(days=KEPT_DAYS))
    if total <= INLINE_ROWS:
        while await run_export(uow, export_id=export_id):
            pass
    else:
        await uow.enqueue(RUN_TASK, {"export_id": str(export_id)}, dedupe_key=f"{RUN_TASK}:{export_id}")
    return export_id


def _filter(plan: ExportPlan) -> dict[str, str]:
    return {name: value for name, value in msgspec.structs.asdict(plan.wanted).items() if value}


async def run_export(uow: UnitOfWork, *, export_id: UUID) -> bool:
    """Write the next piece; True while there are more. A killed worker goes on behind the last piece."""
    mine = (_J.c.tenant_id == uow.tenant_id, _J.c.export_id == export_id)
    row = (
        await uow.session.execute(select(_J.c.state, _J.c.after_id).where(*mine).with_for_update(key_share=True))
    ).first()
    if row is None:
        raise NotFound("no such export")
    if row.state != "running":
        return False
    record = await get_export(uow, export_id)
    ids = await list_wanted(uow, record.plan.wanted, after=row.after_id, limit=PIECE)
    if not ids:
        await _finish(uow, record)
        return False
    people = await list_people(uow, ids, record.plan)
    table = [line for person in people for line in lines(record.plan, person)]
    first = row.after_id is None
    if record.kind == "csv":
        content = csv_piece(table, head=headings(record.plan) if first else None)
    else:
        content = msgspec.msgpack.encode(table)
    number = record.rows_done // PIECE if not first else 0
    await _add_piece(uow, export_id, await _next_piece(uow, export_id, number), content)
    done = record.rows_done + len(people)
    values = {"after_id": ids[-1], "rows_done": done, "rows_total": max(record.rows_total, done)}
    await uow.session.execute(update(_J).where(*mine).values(values))
    uow.publish(f"export:{export_id}", {"state": "running", "done": done})
    return True


async def _next_piece(uow: UnitOfWork, export_id: UUID, least: int) -> int:
    mine = (_I.c.tenant_id == uow.tenant_id, _I.c.export_id == export_id)
    last = await uow.session.scalar(select(_I.c.piece_no).where(*mine).order_by(_I.c.piece_no.desc()).limit(1))
    return least if last is None else int(last) + 1


async def _add_piece(uow: UnitOfWork, export_id: UUID, number: int, content: bytes) -> None:
    mine = {"tenant_id": uow.tenant_id, "export_id": export_id}
    await uow.session.execute(insert(_I).values(**mine, piece_no=number, content=content))


async def _finish(uow: UnitOfWork, record: ExportRecord) -> None:
    pieces = await list_pieces(uow, record.export_id)
    size = sum(len(piece) for piece in pieces)
    if record.kind == "xlsx":
        content = workbook(record.plan, pieces)
        size = len(content)
        await _drop_pieces(uow, record.export_id)
        for number, start in enumerate(range(0, size, _PART)):
            await _add_piece(uow, record.export_id, number, content[start : start + _PART])
    mine = (_J.c.tenant_id == uow.tenant_id, _J.c.export_id == record.export_id)
    values = {"state": "done", "finished_at": uow.now, "size_bytes": size, "rows_total": record.rows_done}
    await uow.session.execute(update(_J).where(*mine).values(values))
    uow.publish(f"export:{record.export_id}", {"state": "done"})
    uow.audit("export.finish", "export", record.export_id, {"customers": record.rows_done, "bytes": size})


def workbook(plan: ExportPlan, pieces: list[bytes]) -> bytes:
    """The lines as a sheet of texts: nothing in it is calculated, followed or taken for a number."""
    buffer = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(buffer, options)
    sheet = book.add_worksheet("客户" if plan.language == "zh" else "customers")
    bold, plain = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(plan.columns) - 1, 16, plain)
    sheet.write_row(0, 0, headings(plan), bold)
    row_no = 0
    for piece in pieces:
        for line in msgspec.msgpack.decode(piece, type=list[list[str]]):
            row_no += 1
            for column, text in enumerate(line):
                if text:
                    sheet.write_string(row_no, column, text, plain)
    book.close()
    return buffer.getvalue()


async def read_file(uow: UnitOfWork, *, export_id: UUID) -> tuple[ExportRecord, bytes]:
    """Return the finished file, and write down who took it.

    Raises:
        ExportNotKept: it is not there yet, or not any more.
    """
    record = await get_export(uow, export_id)
    if record.state != "done":
        raise ExportNotKept(state=record.state)
    content = b"".join(await list_pieces(uow, export_id))
    uow.audit("export.download", "export", export_id, {"number": record.number, "customers": record.rows_done})
    return record, content


async def cancel_export(uow: UnitOfWork, *, export_id: UUID) -> None:
    """Stop writing, or throw a finished file away before its time."""
    await _end(uow, export_id, state="cancelled", states=("running", "done"))
    uow.audit("export.cancel", "export", export_id)


async def expire_export(uow: UnitOfWork, *, export_id: UUID) -> None:
    """Throw the file away when its days are over; that it was made stays on record."""
    await _end(uow, export_id, state="expired", states=("running", "done"))


async def _end(uow: UnitOfWork, export_id: UUID, *, state: str, states: tuple[str, ...]) -> None:
    mine = (_J.c.tenant_id == uow.tenant_id, _J.c.export_id == export_id)
    held: Any = await uow.session.scalar(select(_J.c.state).where(*mine).with_for_update(key_share=True))
    if held is None:
        raise NotFound("no such export")
    if held in states:
        await uow.session.execute(update(_J).where(*mine).values(state=state))
        await _drop_pieces(uow, export_id)


async def _drop_pieces(uow: UnitOfWork, export_id: UUID) -> None:
    await uow.session.execute(delete(_I).where(_I.c.tenant_id == uow.tenant_id, _I.c.export_id == export_id))
