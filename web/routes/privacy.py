"""The staff side of people's rights: the own page's link, requests with their due days, erasures and receipts."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.customers.queries import CustomerRecord, get_customer, list_cluster
from core.errors import FieldProblem, InvalidInput
from core.privacy.actions import NoPhoneToAsk, ask, create_link, end_request, revoke_link, start_erasure
from core.privacy.erasing import ComplaintStillOpen
from core.privacy.exporting import copy_person
from core.privacy.queries import (
    ReceiptRecord,
    RequestRecord,
    count_open_requests,
    get_living_link,
    get_receipt,
    get_request,
    list_open_complaints,
    list_open_links,
    list_receipts,
    list_requests,
)
from core.privacy.rules import CONFIRM_WORDS, LINK_DAYS
from core.uow import Reader, UnitOfWork
from web.customer_page import show_page
from web.customer_sections import CustomerSection, add_customer_section
from web.downloads import download
from web.formats import format_date, format_datetime
from web.i18n import gettext
from web.page import Toast
from web.pdf import answer_pdf
from web.problems import Refused, field_texts
from web.qr import qr_svg
from web.request import WebRequest
from web.screens import go_to, locale_of, show, tenant_path
from web.security import requires
from web.views.privacy import KINDS, copy_archive, receipt_lines, request_line

PATH: Final = "/t/{slug:str}/privacy"
ONE: Final = "/t/{slug:str}/customers/{customer_id:uuid}"
MAY, SHARE = [requires("privacy.manage")], [requires("forms.share")]
LIMIT: Final = 16 * 1024


class RequestForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody asked for at the desk or on the phone."""

    kind: str = ""
    text: str = ""


class EndForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a request."""

    state: str = ""
    answer: str = ""


class EraseForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The typed word, and a reason where a complaint is still open."""

    confirm: str = ""
    reason: str = ""


async def _load_rights(reader: Reader, record: CustomerRecord) -> dict[str, Any]:
    may_manage = reader.actor.may("privacy.manage")
    requests = await list_requests(reader, customer_ids=[record.customer_id], limit=5) if may_manage else []
    return {
        "link": await get_living_link(reader, record.customer_id),
        "now": reader.now,
        "days": LINK_DAYS,
        "has_phone": bool(record.phones),
        "may_manage": may_manage,
        "kinds": [(kind, gettext(words)) for kind, words in KINDS.items()],
        "requests": [request_line(one, reader.now) for one in requests],
    }


def _present_rights(request: WebRequest, data: dict[str, Any]) -> dict[str, Any]:
    if data["link"] is None:
        return data
    address = f"{request.runtime.settings.public_url}/m/{data['link'].code}"
    return data | {"address": address, "svg": qr_svg(address), "locked": data["link"].locked_at is not None}


add_customer_section(
    CustomerSection(
        id="rights",
        template="pages/customers/_rights.html",
        load=_load_rights,
        permission="forms.share",
        place="side",
        rank=90,
        present=_present_rights,
    )
)


def _customer(request: WebRequest, customer_id: UUID) -> str:
    return tenant_path(request, f"/customers/{customer_id}#rights")


@post(ONE + "/own-page", guards=SHARE, request_max_body_size=LIMIT)
async def do_create_link(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    try:
        await create_link(uow, customer_id=customer_id)
    except NoPhoneToAsk:
        errors = {"": gettext("Add a phone first: the page asks for its last four digits.")}
        raise Refused(await show_page(request, uow, customer_id, status=409, errors=errors)) from None
    toast = Toast(text=gettext("The page is open for %(days)s days") % {"days": LINK_DAYS})
    return go_to(request, _customer(request, customer_id), toast=toast)


@post(ONE + "/own-page/revoke", guards=SHARE, request_max_body_size=LIMIT)
async def do_revoke_link(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    await revoke_link(uow, customer_id=customer_id)
    return go_to(request, _customer(request, customer_id), toast=Toast(text=gettext("The link was taken back")))


@post(ONE + "/requests", guards=MAY, request_max_body_size=LIMIT)
async def do_ask(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    """What somebody asked for in person: written down with its due day."""
    form = await request.read(RequestForm)
    try:
        request_id = await ask(uow, customer_id=customer_id, kind=form.kind, text=form.text, source="staff")
    except InvalidInput as error:
        errors = {f"request_{path}": text for path, text in field_texts(error.problems).items()}
        values = {"request_kind": form.kind, "request_text": form.text}
        raise Refused(await show_page(request, uow, customer_id, status=422, errors=errors, values=values)) from None
    return go_to(request, tenant_path(request, f"/privacy/{request_id}"))


@post(ONE + "/copy", guards=MAY, request_max_body_size=LIMIT)
async def do_copy(uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[bytes]:
    """A POST, for the audit log says who took the copy."""
    record = await get_customer(uow, customer_id)
    copy = await copy_person(uow, await list_cluster(uow, customer_id))
    uow.audit("privacy.copy", "customer", customer_id, {"tables": len(copy.tables)})
    return download(copy_archive(copy), f"data-K-{record.number}.zip")


@get(PATH, guards=MAY)
async def show_requests(
    request: WebRequest, reader: NamedDependency[Reader], show_only: FromQuery[str] = ""
) -> Response[Any]:
    ended = show_only == "ended"
    states = ("done", "refused", "withdrawn") if ended else ("open", "running")
    return await show(
        request,
        "pages/privacy/list.html",
        lines=[request_line(one, reader.now) for one in await list_requests(reader, states=states)],
        receipts=await list_receipts(reader, limit=50 if ended else 5),
        links=[] if ended else await list_open_links(reader),
        ended=ended,
        waiting=await count_open_requests(reader),
        root=tenant_path(request, "/privacy"),
        customers=tenant_path(request, "/customers"),
    )


async def _show_request(
    request: WebRequest,
    reader: Reader,
    record: RequestRecord,
    *,
    status: int = 200,
    values: object = None,
    errors: object = None,
) -> Response[Any]:
    people = await list_cluster(reader, record.customer_id)
    complaints = await list_open_complaints(reader, people) if record.kind == "erasure" else []
    return await show(
        request,
        "pages/privacy/request.html",
        status=status,
        line=request_line(record, reader.now),
        asked=record,
        complaints=complaints,
        merged=len(people) - 1,
        word=CONFIRM_WORDS[0] if locale_of(request).startswith("zh") else CONFIRM_WORDS[1],
        values=values or {},
        errors=errors or {},
        root=tenant_path(request, "/privacy"),
        customer=tenant_path(request, f"/customers/{record.customer_id}"),
    )


@get(PATH + "/{request_id:uuid}", guards=MAY)
async def show_request(
    request: WebRequest, reader: NamedDependency[Reader], request_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_request(request, reader, await get_request(reader, request_id))


@post(PATH + "/{request_id:uuid}/end", guards=MAY, request_max_body_size=LIMIT)
async def do_end_request(
    request: WebRequest, uow: NamedDependency[UnitOfWork], request_id: FromPath[UUID]
) -> Response[Any]:
    record = await get_request(uow, request_id)
    form = await request.read(EndForm)
    try:
        await end_request(uow, request_id=request_id, state=form.state, answer=form.answer)
    except InvalidInput as error:
        errors, values = field_texts(error.problems), {"answer": form.answer}
        raise Refused(await _show_request(request, uow, record, status=422, values=values, errors=errors)) from None
    return go_to(request, tenant_path(request, "/privacy"), toast=Toast(text=gettext("The request is answered")))


@post(PATH + "/{request_id:uuid}/erase", guards=MAY, request_max_body_size=LIMIT)
async def do_erase(request: WebRequest, uow: NamedDependency[UnitOfWork], request_id: FromPath[UUID]) -> Response[Any]:
    record = await get_request(uow, request_id)
    form = await request.read(EraseForm)
    values = {"reason": form.reason}
    try:
        await start_erasure(uow, request_id=request_id, confirm=form.confirm, override_reason=form.reason)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_request(request, uow, record, status=422, values=values, errors=errors)) from None
    except ComplaintStillOpen:
        errors = field_texts((FieldProblem("reason", "required"),))
        raise Refused(await _show_request(request, uow, record, status=409, values=values, errors=errors)) from None
    toast = Toast(text=gettext("The erasure has begun; the receipt appears here"))
    return go_to(request, tenant_path(request, f"/privacy/{request_id}"), toast=toast)


@get(PATH + "/receipts/{receipt_id:uuid}", guards=MAY)
async def show_receipt(
    request: WebRequest, reader: NamedDependency[Reader], receipt_id: FromPath[UUID]
) -> Response[Any]:
    receipt = await get_receipt(reader, receipt_id)
    gone, kept = receipt_lines(receipt.body)
    return await show(
        request,
        "pages/privacy/receipt.html",
        receipt=receipt,
        gone=gone,
        kept=kept,
        root=tenant_path(request, "/privacy"),
    )


@get(PATH + "/receipts/{receipt_id:uuid}/receipt.pdf", guards=MAY)
async def show_receipt_pdf(
    request: WebRequest, reader: NamedDependency[Reader], receipt_id: FromPath[UUID]
) -> Response[Any]:
    return await receipt_pdf(request, await get_receipt(reader, receipt_id))


async def receipt_pdf(request: WebRequest, receipt: ReceiptRecord) -> Response[Any]:
    """The receipt on paper; the own page hands it out too."""
    gone, kept = receipt_lines(receipt.body)
    title = gettext("Receipt %(number)s") % {"number": receipt.number}
    numbers = ", ".join(str(number) for number in receipt.body.customer_numbers)
    data = {
        "title": title,
        "lang": "zh" if locale_of(request).startswith("zh") else "en",
        "house": request.visit.scope.tenant_name,
        "foot": f"SHA-256 {receipt.hash}",
        "facts": [
            (gettext("Erased on"), format_datetime(receipt.body.erased_at)),
            (gettext("Customer number"), numbers),
        ],
        "gone_title": gettext("What was removed"),
        "gone": [(line.what, line.area, str(line.count), line.deed) for line in gone],
        "kept_title": gettext("What stays, and why"),
        "kept": [
            (f"{line.what} ({line.count})", line.reason, format_date(line.until) if line.until else "") for line in kept
        ],
    }
    return await answer_pdf("receipt", data, filename=f"{title}.pdf")


routes = [
    do_create_link,
    do_revoke_link,
    do_ask,
    do_copy,
    show_requests,
    show_request,
    do_end_request,
    do_erase,
    show_receipt,
    show_receipt_pdf,
]
