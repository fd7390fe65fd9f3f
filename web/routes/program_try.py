"""The draft tried on five customers: suggested ones, or those that somebody looks for, with a reason for everything."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from core.backtests.suggested import FIVE, list_suggested
from core.backtests.trials import try_rules
from core.customers.queries import find_customers
from core.customers.rules.names import clean_name
from core.segments.fields import get_fields
from core.uow import Reader
from web.program_desk import frame_of, get_working
from web.request import WebRequest
from web.rule_views.trial import person_of
from web.screens import show
from web.security import requires

PATH: Final = "/t/{slug:str}/programs/draft/try"
MOST_FOUND: Final = 8


@get(PATH, guards=[requires("loyalty.manage")])
async def show_try(
    request: WebRequest,
    reader: NamedDependency[Reader],
    q: FromQuery[str] = "",
    who: FromQuery[list[UUID] | None] = None,
) -> Response[Any]:
    """`who` are the chosen ones, the newest first; without any, five are suggested."""
    working = await get_working(reader)
    text = clean_name(q)[:80]
    chosen = list(dict.fromkeys(who or ()))[:FIVE]
    ids = chosen or await list_suggested(reader, program=working.program, live=working.live.program)
    trials = await try_rules(reader, program=working.program, customer_ids=ids)
    catalogue, _ = await get_fields(reader)
    found = await find_customers(reader, text, limit=MOST_FOUND) if text else []
    return await show(
        request,
        "pages/programs/try.html",
        q=text,
        found=[(one.customer_id, one.full_name, one.number) for one in found if one.customer_id not in chosen],
        chosen=chosen,
        people=[person_of(one, working.program, catalogue) for one in trials],
        **frame_of(request, working, "try"),
    )


routes = [show_try]
