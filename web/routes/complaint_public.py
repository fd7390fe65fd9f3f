"""What a customer does about a complaint without an account: file it from the poster; the rest is web/routes/case_status.py."""

import secrets
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.complaints.actions.filing import file_complaint
from core.complaints.queries.cases import FilingPlace, find_filing_place
from core.complaints.rules.filing import Filing, filing_problems
from core.complaints.rules.sources import WebPage
from core.errors import InvalidInput, NotFound
from core.files.queries import FileFacts
from core.files.rules import SOUNDS
from core.uow import Reader, UnitOfWork
from web.complaint_files import PHOTOS, hold, keep, receive
from web.problems import field_texts
from web.rate_limit import address_of, limit_rate
from web.request import WebRequest, convert
from web.screens import go_to, show
from web.security import BY_CODE
from web.uploads import UPLOAD_LIMIT

POSTS_AN_HOUR: Final = 60
"""From one address: a waiting room shares one, a flood does not come in."""


class PublicComplaint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The four things that the phone page asks."""

    text: str = ""
    desired: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    key: str = ""


async def _place(reader: Reader, code: str) -> FilingPlace:
    place = await find_filing_place(reader, code=code)
    if place is None:
        raise NotFound("no such poster")
    return place


async def _show_filing(
    request: WebRequest,
    place: FilingPlace,
    code: str,
    values: PublicComplaint,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    waiting: dict[str, FileFacts] | None = None,
) -> Response[Any]:
    return await show(
        request,
        "pages/public/complain.html",
        status=status,
        place=place,
        action=f"/c/{code}",
        values=values,
        errors=errors or {},
        waiting=waiting or {},
        photos=PHOTOS,
        sounds=",".join(SOUNDS),
    )


@get("/c/{code:str}", guards=[BY_CODE])
async def show_filing(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    place = await _place(reader, code)
    return await _show_filing(request, place, code, PublicComplaint(key=secrets.token_urlsafe(18)))


@post("/c/{code:str}", guards=[BY_CODE], request_max_body_size=UPLOAD_LIMIT)
async def send_complaint(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    place = await _place(uow, code)
    await limit_rate(request, uow.tenant_id, "complain", address_of(request), most=POSTS_AN_HOUR, seconds=3600)
    sent = await receive(request, uow, branch_id=place.branch_id)
    form = convert(sent.fields, PublicComplaint)
    filing = Filing(
        text=form.text,
        desired=form.desired,
        contact_name=form.contact_name,
        contact_phone=form.contact_phone,
        source=WebPage(),
        branch_id=place.branch_id,
    )
    try:
        if sent.problems:
            raise InvalidInput((*sent.problems, *filing_problems(filing)))  # noqa: TRY301 - shown like the other refusals
        filed = await file_complaint(uow, filing=filing, key=f"web:{form.key[:60]}" if form.key else None)
    except InvalidInput as error:
        # Returned, not raised: what was chosen waits for the form to come again.
        waiting = await hold(uow, sent, branch_id=place.branch_id)
        texts = field_texts(error.problems)
        return await _show_filing(request, place, code, form, status=422, errors=texts, waiting=waiting)
    if not filed.replayed:
        await keep(uow, sent, branch_id=place.branch_id, complaint_id=filed.complaint_id)
    return go_to(request, f"/s/{filed.status_code}")


routes = [show_filing, send_complaint]
