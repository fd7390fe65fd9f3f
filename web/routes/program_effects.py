"""The effect of a draft on the last 90 days: started, watched, read, and who would change tier by name and as a workbook."""

from typing import Any, Final, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.backtests.actions import start_backtest
from core.backtests.queries import BacktestRecord, Mover, get_backtest, list_movers
from core.errors import NotFound
from core.hooks.records.loyalty.program import Program
from core.programs.queries import get_draft, get_effect, get_live
from core.uow import Reader, UnitOfWork
from web.downloads import download, workbook
from web.htmx import redirect_headers, wants_partial
from web.program_desk import frame_of, get_working
from web.program_effects import get_measure, measure_frame
from web.request import WebRequest
from web.rule_views.effect import effect_of, effect_sheets, mover_rows, shown_effect, tier_names, unit_of
from web.screens import go_to, show, tenant_path
from web.security import requires

DRAFT: Final = "/t/{slug:str}/programs/draft/effect"
ONE: Final = "/t/{slug:str}/programs/effects/{backtest_id:uuid}"
MANAGE: Final = [requires("loyalty.manage")]
PAGE: Final = 25
MOST: Final = 20_000
"""More names than a workbook of people is good for."""


@get(DRAFT, guards=MANAGE)
async def show_effect(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    working = await get_working(reader)
    measure = await get_measure(reader, working.program, working.live)
    base = tenant_path(request, "/programs/draft/effect")
    frame = frame_of(request, working, "effect") | measure_frame(request, measure, base)
    return await show(request, "pages/programs/effect.html", **frame)


@get(DRAFT + "/progress", guards=MANAGE)
async def show_effect_progress(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """What the bar asks each second; without script, the whole page."""
    working = await get_working(reader)
    measure = await get_measure(reader, working.program, working.live)
    base = tenant_path(request, "/programs/draft/effect")
    if not wants_partial(request.headers):
        frame = frame_of(request, working, "effect") | measure_frame(request, measure, base)
        return await show(request, "pages/programs/effect.html", **frame)
    if measure.state != "running":
        return Response(None, status_code=204, headers=redirect_headers(base))
    return await show(request, "pages/programs/_progress.html", **measure_frame(request, measure, base))


@post(DRAFT, guards=MANAGE)
async def do_start_effect(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    working = await get_working(uow)
    if working.changed:
        await start_backtest(uow, program=working.program)
    return go_to(request, tenant_path(request, "/programs/draft/effect"))


async def _programs_of(reader: Reader, record: BacktestRecord) -> list[Program]:
    """The rules in force and those that were tried, for the names of tiers."""
    live, draft = await get_live(reader), await get_draft(reader)
    return [one.program for one in (draft, live) if one is not None and one.program.id == record.program_id]


@get(ONE, guards=MANAGE)
async def show_movers(
    request: WebRequest,
    reader: NamedDependency[Reader],
    backtest_id: FromPath[UUID],
    whence: FromQuery[Literal["publish", "review"]] = "publish",
    before: FromQuery[str] = "",
    to: FromQuery[str] = "",
    after: FromQuery[UUID | None] = None,
) -> Response[Any]:
    record = await get_backtest(reader, backtest_id)
    programs = await _programs_of(reader, record)
    found = await list_movers(
        reader,
        backtest_id,
        whence=whence,
        before=before or None,
        tier_after=to or None,
        after=after,
        limit=PAGE,
    )
    root = tenant_path(request, "/programs")
    here = f"{root}/effects/{backtest_id}"
    more = (
        f"{here}?whence={whence}&before={before}&to={to}&after={found[-1].customer_id}" if len(found) == PAGE else None
    )
    return await show(
        request,
        "pages/programs/people.html",
        partial="pages/programs/_people_more.html" if after else None,
        rows=mover_rows(found, tier_names(*programs), unit_of(programs[0]) if programs else "number"),
        more=more,
        root=root,
        book_url=f"{here}/book.xlsx",
    )


async def _all_movers(reader: Reader, backtest_id: UUID) -> list[Mover]:
    found: list[Mover] = []
    while len(found) < MOST:
        page = await list_movers(reader, backtest_id, after=found[-1].customer_id if found else None, limit=1000)
        found += page
        if len(page) < 1000:
            break
    return found


@get(ONE + "/book.xlsx", guards=MANAGE)
async def send_book(reader: NamedDependency[Reader], backtest_id: FromPath[UUID]) -> Response[bytes]:
    """Figures, weeks and people as a workbook."""
    record = await get_backtest(reader, backtest_id)
    stored = await get_effect(
        reader, digest=record.digest, base_digest=record.base_digest, program_id=record.program_id
    )
    effect = effect_of(stored.effect) if stored else None
    if effect is None:
        raise NotFound("no such effect")
    programs = await _programs_of(reader, record)
    names = tier_names(*programs)
    people = mover_rows(await _all_movers(reader, backtest_id), names, unit_of(programs[0]) if programs else "number")
    return download(workbook(effect_sheets(shown_effect(effect, names), people)), f"effect-{reader.now:%Y%m%d}.xlsx")


routes = [show_effect, show_effect_progress, do_start_effect, show_movers, send_book]
