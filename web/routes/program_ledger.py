"""The name of the program and what its ledger does where the rules leave it open: one form of the draft."""

import hashlib
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency

from core.errors import FieldProblem, InvalidInput
from core.hooks.records.loyalty.program import Program
from core.uow import Reader, UnitOfWork
from web.i18n import gettext
from web.page import Toast
from web.problems import Refused
from web.program_desk import Working, frame_of, get_choices, get_working, keep, open_working
from web.request import WebRequest
from web.rule_forms.fields import Values, first, texts_of
from web.rule_forms.kinds import PROGRAM_SECTIONS, program_values, read_program
from web.rule_forms.reading import unknown_in
from web.rule_forms.showing import field_of, show_sections
from web.rule_page import DO, SEEN
from web.screens import go_to, show, tenant_path
from web.security import requires

PATH: Final = "/t/{slug:str}/programs/draft/ledger"
MANAGE: Final = [requires("loyalty.manage")]


def _seen(program: Program) -> str:
    """A name for exactly this name and policy: of two people the second is told."""
    frame = (program.label, program.source, program.ledger)
    return hashlib.sha256(msgspec.json.encode(frame, order="sorted")).hexdigest()[:12]


async def _show(
    request: WebRequest,
    reader: Reader,
    working: Working,
    values: Values,
    *,
    seen: str,
    errors: dict[str, str] | None = None,
    theirs: Program | None = None,
    status: int = 200,
) -> Response[Any]:
    choices = await get_choices(reader, working.program)
    frame = frame_of(request, working, "rules")
    errors = errors or {}
    return await show(
        request,
        "pages/programs/ledger.html",
        partial="pages/programs/_ledger.html",
        status=status,
        blocks=show_sections(PROGRAM_SECTIONS, values, choices, errors),
        error_lines=[(field_of(name) if name else "", text) for name, text in errors.items()],
        seen=seen,
        conflict=working.draft.author_name if theirs is not None and working.draft else "",
        catalogue=choices.catalogue,
        groups=[],
        modes={},
        operators={},
        units={},
        **frame,
    )


@get(PATH, guards=MANAGE)
async def show_ledger(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    working = await get_working(reader)
    choices = await get_choices(reader, working.program)
    values = program_values(working.program, choices.catalogue)
    return await _show(request, reader, working, values, seen=_seen(working.program))


@post(PATH, guards=MANAGE)
async def do_save_ledger(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    posted = texts_of(await request.open_form())
    values: Values = {name: texts for name, texts in posted.items() if name not in {SEEN, DO}}
    unknown = unknown_in(tuple(field for section in PROGRAM_SECTIONS for field in section.fields), values)
    if unknown:
        raise InvalidInput(tuple(FieldProblem(name[:80], "unknown-field") for name in unknown[:20]))
    seen = first(posted, SEEN)
    if first(posted, DO) != "save":
        return await _show(request, uow, await get_working(uow), values, seen=seen)
    working = await open_working(uow)
    choices = await get_choices(uow, working.program)
    program, errors = read_program(working.program, values, choices)
    if program is None:
        raise Refused(await _show(request, uow, working, values, seen=seen, errors=errors, status=422))
    now = _seen(working.program)
    if seen != now and program != working.program:
        refused = await _show(request, uow, working, values, seen=now, theirs=working.program, status=409)
        raise Refused(refused)
    if program != working.program:
        await keep(uow, working, program)
    return go_to(request, tenant_path(request, "/programs/draft"), toast=Toast(text=gettext("Saved in the draft")))


routes = [show_ledger, do_save_ledger]
