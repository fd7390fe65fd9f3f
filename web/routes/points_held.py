"""Credits that wait at the points desk: somebody else than who asked says yes or no."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.holds.actions import grant_held, refuse_held
from core.loyalty.actions import NeedsApproval
from core.remedies.giving import settle_held
from core.uow import UnitOfWork
from web.i18n import gettext
from web.page import Toast
from web.points_page import ROOT
from web.request import WebRequest
from web.screens import go_to, tenant_path
from web.security import requires
from web.views.points import points_words

PATH: Final = f"/t/{{slug:str}}{ROOT}"
APPROVE: Final = [requires("loyalty.approve")]
BODY_LIMIT: Final = 8 * 1024


@post(PATH + "/held/{held_id:uuid}/grant", guards=APPROVE, request_max_body_size=BODY_LIMIT)
async def do_grant_held(
    request: WebRequest, uow: NamedDependency[UnitOfWork], held_id: FromPath[UUID]
) -> Response[Any]:
    """What is above one's own limit goes on waiting, for somebody whose limit is higher."""
    desk = tenant_path(request, ROOT)
    try:
        done = await grant_held(uow, held_id=held_id)
        await settle_held(uow, held=done)
    except NeedsApproval as refused:
        words = {"points": points_words(refused.limit_points)}
        text = gettext("You may give %(points)s yourself; it waits for somebody whose limit is higher") % words
        return go_to(request, desk, toast=Toast(text=text, state="warn"))
    text = gettext("%(points)s were given") % {"points": points_words(done.points)}
    return go_to(request, desk, toast=Toast(text=text))


@post(PATH + "/held/{held_id:uuid}/refuse", guards=APPROVE, request_max_body_size=BODY_LIMIT)
async def do_refuse_held(
    request: WebRequest, uow: NamedDependency[UnitOfWork], held_id: FromPath[UUID]
) -> Response[Any]:
    await settle_held(uow, held=await refuse_held(uow, held_id=held_id))
    return go_to(request, tenant_path(request, ROOT), toast=Toast(text=gettext("The points were not given")))


routes = [do_grant_held, do_refuse_held]
