"""Coupons, benefits and points on an open bill: put on, looked at with the new total, taken off."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.errors import AnxinError, InvalidInput
from core.imports.rules.cells import CellProblem
from core.rewards.errors import BenefitRefused, CouponRefused
from core.uow import UnitOfWork
from core.visits.actions.bills import ChoiceRefused
from core.visits.actions.choices import ChoiceTaken, choose_benefit, choose_coupon, choose_points, drop_choice
from core.visits.queries.visits import get_visit
from web.htmx import wants_partial
from web.i18n import gettext
from web.points_page import typed_number
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.security import requires
from web.views.refusals import refusal_words
from web.visit_page import back_to_visit, show_visit_page

ONE: Final = "/t/{slug:str}/visits/{visit_id:uuid}/bill"
WRITE: Final = [requires("visits.write")]
BODY_LIMIT: Final = 8 * 1024
PART: Final = "pages/visits/_bill.html"


class CouponChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A coupon by the code that was typed or scanned, or one of the customer's by its id."""

    code: str = ""
    coupon_id: str = ""


class BenefitChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line and the service by whose price it is given: `line id:service`."""

    benefit: str = ""


class PointsChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many points shall pay; none takes them off."""

    points: str = ""


async def _bill_again(request: WebRequest, uow: UnitOfWork, visit_id: UUID) -> Response[Any]:
    if wants_partial(request.headers):
        return await show_visit_page(request, uow, visit_id, part=PART)
    return back_to_visit(request, visit_id, place="#bill")


async def _refused(request: WebRequest, uow: UnitOfWork, visit_id: UUID, name: str, text: str, typed: str) -> Refused:
    """The bill again with what was typed and why it does not go."""
    page = await show_visit_page(
        request, uow, visit_id, status=422, errors={f"choice.{name}": text}, values={f"choice_{name}": typed}, part=PART
    )
    return Refused(page)


def _words(error: AnxinError) -> str:
    if isinstance(error, ChoiceRefused):
        return refusal_words(str(error.params["reason"]), error.params)
    if isinstance(error, ChoiceTaken):
        return gettext("This is on the bill already")
    if isinstance(error, InvalidInput):
        return next(iter(field_texts(error.problems).values()))
    return refusal_words(error.code, error.params)


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@post(ONE + "/coupons", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_choose_coupon(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    await get_visit(uow, visit_id)
    form = await request.read(CouponChoice)
    try:
        await choose_coupon(uow, visit_id=visit_id, code=form.code, coupon_id=_identity(form.coupon_id))
    except (ChoiceRefused, ChoiceTaken, CouponRefused) as error:
        raise await _refused(request, uow, visit_id, "code", _words(error), form.code) from error
    return await _bill_again(request, uow, visit_id)


@post(ONE + "/benefits", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_choose_benefit(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    await get_visit(uow, visit_id)
    line, _, service = (await request.read(BenefitChoice)).benefit.partition(":")
    line_id = _identity(line)
    if line_id is None or not service:
        raise await _refused(request, uow, visit_id, "benefit", gettext("Choose one of the answers offered"), "")
    try:
        await choose_benefit(uow, visit_id=visit_id, line_id=line_id, service=service)
    except (ChoiceRefused, ChoiceTaken, BenefitRefused) as error:
        raise await _refused(request, uow, visit_id, "benefit", _words(error), "") from error
    return await _bill_again(request, uow, visit_id)


@post(ONE + "/points", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_choose_points(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    await get_visit(uow, visit_id)
    form = await request.read(PointsChoice)
    try:
        points = typed_number(form.points) or 0
        async with uow.attempt():
            await choose_points(uow, visit_id=visit_id, points=points)
    except CellProblem as error:
        text = gettext("Give a whole number")
        raise await _refused(request, uow, visit_id, "points", text, form.points) from error
    except (ChoiceRefused, InvalidInput) as error:
        raise await _refused(request, uow, visit_id, "points", _words(error), form.points) from error
    return await _bill_again(request, uow, visit_id)


@post(ONE + "/choices/{choice_id:uuid}/remove", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_drop_choice(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID], choice_id: FromPath[UUID]
) -> Response[Any]:
    await drop_choice(uow, visit_id=visit_id, choice_id=choice_id)
    return await _bill_again(request, uow, visit_id)


routes = [do_choose_coupon, do_choose_benefit, do_choose_points, do_drop_choice]
