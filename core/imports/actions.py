"""Takes a file in step by step: upload, layout and mapping, dry run, start, discard; running.py and undoing.py do the rest."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select, text, update

from core.bulk_insert import insert_many
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.imports.beyond import get_tag_book, list_own_fields
from core.imports.models import ImportBatch, ImportRow
from core.imports.pieces import in_pieces, read_ahead
from core.imports.queries import (
    BatchRecord,
    find_known,
    find_recall,
    get_batch,
    get_content,
    get_first_subject_type,
    get_remembered,
    get_species_words,
    list_targets,
)
from core.imports.remembering import forget_list, remember_headers, remember_list
from core.imports.rules.beyond import TagBook, own_words
from core.imports.rules.columns import (
    find_header,
    header_at,
    mapping_problems,
    propose_mapping,
    signature_of,
)
from core.imports.rules.files import FileProblem, Layout, formula_cells, read_rows, sniff
from core.imports.rules.matching import FileIndex, match_row
from core.imports.rules.plan import INLINE_ROWS, Existing, ImportPlan, Recalled
from core.imports.rules.reading import Judged, Problem, Terms
from core.imports.rules.rows import judge_row
from core.profiles.rules import MAX_TAGS
from core.uow import UnitOfWork

_B, _R = table_of(ImportBatch), table_of(ImportRow)
T = TypeVar("T")
_HEAD_ROWS = 40
_MATCH_ROWS = 1_000


class ImportElsewhere(Conflict):
    """The import is not at the step that was asked for: somebody else moved it on, or it runs already."""

    code = "import-elsewhere"


def _or_refuse(work: Callable[[], T]) -> T:
    """Do it; a file that cannot be read becomes a problem of the form's field."""
    try:
        return work()
    except FileProblem as problem:
        raise InvalidInput((FieldProblem("file", problem.code, dict(problem.params)),)) from None


async def upload_file(uow: UnitOfWork, *, filename: str, content: bytes) -> UUID:
    """Take a file in, find out how to read it, and propose what its columns mean.

    Raises:
        InvalidInput: at `file`, with a code of `rules.files.FileProblem`.
    """
    layout = _or_refuse(lambda: sniff(content))
    if layout.kind == "workbook":
        layout = _or_refuse(lambda: _best_sheet(content, layout))
    plan = await _plan(uow, content, layout, header_row=None)
    batch_id = new_id()
    await uow.session.execute(
        insert(_B).values(
            tenant_id=uow.tenant_id,
            batch_id=batch_id,
            number=await uow.next_number("import"),
            filename=filename[-200:] or "?",
            content=content,
            state="uploaded",
            settings=msgspec.to_builtins(plan),
            counts={},
            rows_total=0,
            rows_done=0,
            next_row=0,
            created_at=uow.now,
            created_by=uow.actor.id,
            created_by_name=uow.actor.name,
        )
    )
    uow.audit("import.upload", "import", batch_id, {"filename": filename[-200:]})
    return batch_id


def _best_sheet(content: bytes, layout: Layout) -> Layout:
    """The sheet whose header we understand best; a workbook often brings a page of remarks."""

    def understood(sheet: str) -> int:
        one = msgspec.structs.replace(layout, sheet=sheet)
        header = find_header(list(read_rows(content, one, limit=_HEAD_ROWS)))
        return sum(bool(target) for target in propose_mapping(header, remembered={})) if header else 0

    return msgspec.structs.replace(layout, sheet=max(layout.sheets, key=understood))


async def _plan(uow: UnitOfWork, content: bytes, layout: Layout, *, header_row: int | None) -> ImportPlan:
    head = _or_refuse(lambda: list(read_rows(content, layout, limit=_HEAD_ROWS)))
    header = header_at(head, header_row) if header_row else find_header(head)
    if header is None or not header.names:
        raise InvalidInput((FieldProblem("file", "no-header"),))
    allowed = await list_targets(uow)
    recall = await find_recall(uow, signature_of(header))
    if recall is not None and not set(recall.mapping) - {"", *allowed}:
        return ImportPlan(
            layout=layout,
            header=header,
            mapping=tuple(recall.mapping),
            existing=recall.existing,
            take_second_phone=recall.take_second_phone,
            recalled=Recalled(by=recall.used_by_name, at=recall.used_at, times=recall.times),
        )
    own = own_words(await list_own_fields(uow))
    mapping = propose_mapping(header, remembered=await get_remembered(uow), allowed=allowed, own=own)
    return ImportPlan(layout=layout, header=header, mapping=mapping)


async def forget_mapping(uow: UnitOfWork, *, batch_id: UUID) -> None:
    """Forget how lists with this one's headings were taken in, and propose the columns anew by their words."""
    batch = await _at(uow, batch_id, "uploaded", "checked", "failed")
    header = batch.plan.header
    await forget_list(uow, header)
    own = own_words(await list_own_fields(uow))
    mapping = propose_mapping(header, remembered={}, allowed=await list_targets(uow), own=own)
    plan = msgspec.structs.replace(batch.plan, mapping=mapping, recalled=None)
    await _forget_rows(uow, batch_id)
    await _set(uow, batch_id, state="uploaded", settings=msgspec.to_builtins(plan), counts={}, rows_total=0, fault=None)
    uow.audit("import.forget_mapping", "import", batch_id)


async def change_layout(
    uow: UnitOfWork,
    *,
    batch_id: UUID,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
    header_row: int | None = None,
) -> None:
    """Read the file another way: another encoding, delimiter, sheet or header row; the mapping is proposed anew."""
    batch = await _at(uow, batch_id, "uploaded", "checked", "failed")
    content = await get_content(uow, batch_id)
    layout = _or_refuse(
        lambda: sniff(content, encoding=encoding, delimiter=delimiter, sheet=sheet or batch.plan.layout.sheet)
    )
    plan = await _plan(uow, content, layout, header_row=header_row)
    await _forget_rows(uow, batch_id)
    await _set(uow, batch_id, state="uploaded", settings=msgspec.to_builtins(plan), counts={}, rows_total=0, fault=None)


async def map_columns(
    uow: UnitOfWork,
    *,
    batch_id: UUID,
    mapping: Sequence[str],
    existing: Existing = "update",
    take_second_phone: bool = True,
    branch_id: UUID | None = None,
) -> None:
    """Fix what columns mean, remember it for the next file, and check every row; nothing is written to customers.

    A small file is checked at once, a large one by the worker.
    """
    batch = await _at(uow, batch_id, "uploaded", "checked", "failed")
    problems = [*mapping_problems(mapping)]
    if len(mapping) != len(batch.plan.header.names) or set(mapping) - {"", *await list_targets(uow)}:
        problems.append("unknown-target")
    if problems:
        raise InvalidInput(tuple(FieldProblem("mapping", code) for code in dict.fromkeys(problems)))
    plan = msgspec.structs.replace(
        batch.plan,
        mapping=tuple(mapping),
        existing=existing,
        take_second_phone=take_second_phone,
        branch_id=branch_id,
    )
    await remember_headers(uow, plan)
    await remember_list(uow, plan)
    await _set(uow, batch_id, state="checking", settings=msgspec.to_builtins(plan), fault=None)
    content = await get_content(uow, batch_id)
    rows = _or_refuse(lambda: sum(1 for _ in read_rows(content, plan.layout, limit=INLINE_ROWS + 1)))
    if rows <= INLINE_ROWS:
        await check_rows(uow, batch_id=batch_id)
    else:
        await uow.enqueue(
            "imports.check", {"batch_id": str(batch_id)}, dedupe_key=f"imports.check:{batch_id}:{new_id()}"
        )


async def check_rows(uow: UnitOfWork, *, batch_id: UUID) -> None:
    """The dry run: judge every row, find repeats in the file and people who are there, and store the verdicts.

    A file that turns out broken on its way fails as a whole, with its reason.
    """
    batch = await _at(uow, batch_id, "checking")
    content = await get_content(uow, batch_id)
    await _forget_rows(uow, batch_id)
    index, counts, codes = FileIndex(), Counter[str](), Counter[str]()
    total, tags = 0, await get_tag_book(uow)
    try:
        rows = _judged_rows(await _terms(uow, batch, content), content, batch.plan)
        async with aclosing(read_ahead(in_pieces(rows, _MATCH_ROWS))) as chunks:
            async for chunk in chunks:
                staged = await _stage(uow, batch, index, tags, chunk)
                for row in staged:
                    counts[row["outcome"]] += 1
                    codes.update({problem[1] for problem in row["problems"]})
                    counts["warned"] += any(problem[2] for problem in row["problems"])
                total += len(staged)
                await insert_many(uow.session, _R, staged)
    except FileProblem as problem:
        await _set(uow, batch_id, state="failed", fault=problem.code, counts={}, rows_total=0)
        return
    await _set_openings(uow, batch_id, index.raised_fen)
    told = dict(counts) | {"codes": dict(codes), "new_tags": list(tags.made.values())}
    await _set(uow, batch_id, state="checked", counts=told, rows_total=total, rows_done=0, next_row=0)
    uow.publish(f"import:{batch_id}", {"state": "checked"})


async def _terms(uow: UnitOfWork, batch: BatchRecord, content: bytes) -> Terms:
    layout = batch.plan.layout
    kind = get_first_subject_type(uow)
    return Terms(
        header=batch.plan.header,
        mapping=batch.plan.mapping,
        today=uow.today,
        species=get_species_words(uow),
        subject_kind=kind.id if kind else None,
        take_second_phone=batch.plan.take_second_phone,
        strict_width=layout.kind == "csv",
        formulas=formula_cells(content, layout.sheet) if layout.kind == "workbook" else frozenset(),
        own=await list_own_fields(uow),
    )


def _judged_rows(terms: Terms, content: bytes, plan: ImportPlan) -> Iterator[tuple[int, list[str], Judged]]:
    for row_no, cells in read_rows(content, plan.layout):
        if row_no > plan.header.row:
            yield row_no, cells, judge_row(terms, row_no, cells)


async def _stage(
    uow: UnitOfWork,
    batch: BatchRecord,
    index: FileIndex,
    tags: TagBook,
    chunk: Sequence[tuple[int, list[str], Judged]],
) -> list[dict[str, Any]]:
    readings = {row_no: judged.reading for row_no, _, judged in chunk if judged.reading is not None}
    known = await find_known(uow, readings)
    staged = []
    for row_no, cells, judged in chunk:
        verdict: dict[str, Any] = {"outcome": "skipped" if judged.is_total else "error", "state": "done"}
        fresh, no_room = tags.take(judged.reading.tags) if judged.reading is not None else ([], [])
        problems = [*judged.problems, *(Problem("tags", "tag-new", warns=True, params={"value": one}) for one in fresh)]
        if no_room:
            problems.append(Problem("tags", "tags-no-room", params={"value": no_room[0], "max": MAX_TAGS}))
        elif judged.reading is not None:
            placed = index.place(row_no, judged.reading)
            problems += placed.problems
            match = match_row(judged.reading, known.get(row_no, ()), update=batch.plan.existing == "update")
            outcome: str = match.outcome
            if placed.repeats:
                outcome = "duplicate"
            else:
                problems += match.problems
                if placed.same_as is not None and match.outcome == "new":
                    outcome = "pet"
            verdict = {
                "outcome": outcome,
                "state": "done" if placed.repeats else "waiting",
                "reading": judged.reading,
                "same_as": placed.same_as,
                "opening_fen": judged.reading.spent_fen if placed.same_as is None else None,
            }
        staged.append(_staged_row(uow, batch.batch_id, row_no, cells, problems, verdict))
    return staged


def _staged_row(
    uow: UnitOfWork,
    batch_id: UUID,
    row_no: int,
    cells: Sequence[str],
    problems: Sequence[Problem],
    verdict: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "tenant_id": uow.tenant_id,
        "batch_id": batch_id,
        "row_no": row_no,
        "cells": [cell.replace("\x00", "")[:2000] for cell in cells],
        "problems": msgspec.to_builtins(problems) if problems else [],
        "reading": None,
        "same_as": None,
        "opening_fen": None,
        "made_customer": False,
        "made_subject": False,
        **verdict,
    }


_OPENINGS = text(
    "UPDATE import_row SET opening_fen = told.fen"
    " FROM unnest(CAST(:rows AS bigint[]), CAST(:fens AS bigint[])) AS told (row_no, fen)"
    " WHERE import_row.tenant_id = :t AND import_row.batch_id = :b AND import_row.row_no = told.row_no"
)


async def _set_openings(uow: UnitOfWork, batch_id: UUID, spent_fen: Mapping[int, int]) -> None:
    """Write a person's largest total onto the person's first row, where another row told more than that one."""
    told = list(spent_fen.items())
    for chunk in in_pieces(told, 5_000):
        rows, fens = zip(*chunk, strict=True)
        await uow.session.execute(
            _OPENINGS, {"t": uow.tenant_id, "b": batch_id, "rows": list(rows), "fens": list(fens)}
        )


async def start_import(uow: UnitOfWork, *, batch_id: UUID) -> None:
    """Hand the checked rows to the worker; asking twice starts it once."""
    batch = await _at(uow, batch_id, "checked")
    if batch.counts.good == 0 and batch.counts.duplicate == 0:
        raise InvalidInput((FieldProblem("file", "nothing-to-import"),))
    await _set(uow, batch_id, state="running", started_at=uow.now, next_row=0, rows_done=0)
    await uow.enqueue("imports.run", {"batch_id": str(batch_id)}, dedupe_key=f"imports.run:{batch_id}")
    uow.audit("import.start", "import", batch_id, {"number": batch.number, "rows": batch.rows_total})


async def resume_import(uow: UnitOfWork, *, batch_id: UUID) -> None:
    """Start the worker again after it gave up; it goes on behind the last row that was worked off."""
    batch = await _at(uow, batch_id, "checking", "running", "undoing")
    task = {"checking": "imports.check", "running": "imports.run", "undoing": "imports.undo"}[batch.state]
    await uow.enqueue(task, {"batch_id": str(batch_id)}, dedupe_key=f"{task}:{batch_id}:{new_id()}")
    uow.audit("import.resume", "import", batch_id)


async def cancel_import(uow: UnitOfWork, *, batch_id: UUID) -> None:
    """Stop a run behind the last finished row: what was written stays and can be undone, the rest is not taken in."""
    batch = await _at(uow, batch_id, "running")
    await _set(uow, batch_id, state="cancelled", finished_at=uow.now, content=b"")
    told = {"number": batch.number, "done": batch.rows_done, "rows": batch.rows_total}
    uow.audit("import.cancel", "import", batch_id, told)
    uow.publish(f"import:{batch_id}", {"state": "cancelled"})


async def discard_import(uow: UnitOfWork, *, batch_id: UUID) -> None:
    """Throw a file away that has not been run."""
    await _at(uow, batch_id, "uploaded", "checked", "checking", "failed")
    await uow.session.execute(delete(_B).where(_B.c.tenant_id == uow.tenant_id, _B.c.batch_id == batch_id))
    uow.audit("import.discard", "import", batch_id)


async def _at(uow: UnitOfWork, batch_id: UUID, *states: str) -> BatchRecord:
    """The batch, locked; raise ImportElsewhere unless it is in one of these states."""
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.batch_id == batch_id)
    state = await uow.session.scalar(select(_B.c.state).where(*mine).with_for_update(key_share=True))
    if state is None:
        raise NotFound("no such import")
    if state not in states:
        raise ImportElsewhere(state=state)
    return await get_batch(uow, batch_id)


async def _set(uow: UnitOfWork, batch_id: UUID, **values: Any) -> None:
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.batch_id == batch_id)
    await uow.session.execute(update(_B).where(*mine).values(**values))


async def _forget_rows(uow: UnitOfWork, batch_id: UUID) -> None:
    await uow.session.execute(delete(_R).where(_R.c.tenant_id == uow.tenant_id, _R.c.batch_id == batch_id))
