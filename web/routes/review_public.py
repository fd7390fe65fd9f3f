"""The customer's page to show a review: from the e-bill, or by an address that the desk gives."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import InvalidInput
from core.programs.queries import get_program
from core.reviews.actions import NoReviewRule
from core.reviews.queries import find_rule, get_opened_link
from core.uow import Reader, UnitOfWork
from core.visits.queries.visits import get_opened_link as get_opened_bill
from core.visits.queries.visits import get_visit
from web.i18n import localized
from web.problems import Refused, field_texts
from web.rate_limit import address_of, limit_rate
from web.request import WebRequest
from web.review_page import UPLOAD_LIMIT, ReviewForm, keep_review, read_review
from web.screens import go_to, show
from web.security import BY_CODE
from web.views.reviews import reward_options

OWN: Final = "/r/{code:str}"
BILL: Final = "/b/{code:str}/review"
POSTS_AN_HOUR: Final = 20


class _Door(msgspec.Struct, frozen=True):
    """Through which address somebody came: whose review it is, and about which visit."""

    customer_id: UUID
    here: str
    visit_id: UUID | None = None


async def _own(reader: Reader, code: str) -> _Door:
    link = await get_opened_link(reader, code)
    return _Door(link.customer_id, f"/r/{code}")


async def _bill(reader: Reader, code: str) -> _Door:
    link = await get_opened_bill(reader, code)
    visit = await get_visit(reader, link.visit_id)
    return _Door(visit.customer_id, f"/b/{code}/review", visit.visit_id)


async def _show(
    request: WebRequest,
    reader: Reader,
    door: _Door,
    *,
    status: int = 200,
    values: ReviewForm | None = None,
    errors: dict[str, str] | None = None,
    done: bool = False,
) -> Response[Any]:
    rule = await find_rule(reader)
    options = reward_options(rule.choose_one_of, await get_program(reader)) if rule is not None else []
    return await show(
        request,
        "pages/public/review.html",
        status=status,
        rule=rule,
        clinic=request.visit.scope.tenant_name,
        platforms=[(code, localized(label)) for code, label in rule.platforms] if rule is not None else [],
        options=options,
        values=values or ReviewForm(choice="0" if len(options) == 1 else ""),
        errors=errors or {},
        done=done,
        here=door.here,
    )


async def _send(request: WebRequest, uow: UnitOfWork, door: _Door) -> Response[Any]:
    await limit_rate(
        request, uow.tenant_id, "review", f"{door.customer_id}:{address_of(request)}", most=POSTS_AN_HOUR, seconds=3600
    )
    form, upload = await read_review(request)
    try:
        await keep_review(uow, customer_id=door.customer_id, form=form, upload=upload, visit_id=door.visit_id)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        errors.setdefault("platform", errors.get("visit_id", ""))
        raise Refused(await _show(request, uow, door, status=422, values=form, errors=errors)) from error
    except NoReviewRule:
        return go_to(request, door.here)
    return go_to(request, f"{door.here}?done=yes")


@get(OWN, guards=[BY_CODE])
async def show_own_review(
    request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str], done: FromQuery[str] = ""
) -> Response[Any]:
    return await _show(request, reader, await _own(reader, code), done=done == "yes")


@post(OWN, guards=[BY_CODE], request_max_body_size=UPLOAD_LIMIT)
async def send_own_review(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    return await _send(request, uow, await _own(uow, code))


@get(BILL, guards=[BY_CODE])
async def show_bill_review(
    request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str], done: FromQuery[str] = ""
) -> Response[Any]:
    return await _show(request, reader, await _bill(reader, code), done=done == "yes")


@post(BILL, guards=[BY_CODE], request_max_body_size=UPLOAD_LIMIT)
async def send_bill_review(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    return await _send(request, uow, await _bill(uow, code))


routes = [show_own_review, send_own_review, show_bill_review, send_bill_review]
