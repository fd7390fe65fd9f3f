"""A person's own page behind a code: see what is kept, correct it, copy it, stop messages, ask for erasure."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.cards.queries import find_open_card
from core.contacts.actions import record_consent
from core.contacts.queries import get_consent_state
from core.customers.queries import get_customer, list_cluster
from core.errors import InvalidInput
from core.privacy.actions import ask, prove_tail, withdraw_request
from core.privacy.exporting import copy_person
from core.privacy.queries import (
    LinkRecord,
    PrivacyLinkGone,
    ReceiptRecord,
    find_link,
    get_open_link,
    list_receipts,
    list_requests,
)
from core.privacy.rules import CONFIRM_WORDS, MAX_WRONG, PROVEN_FOR, REQUEST_DAYS
from core.uow import Reader, UnitOfWork
from web.downloads import download
from web.i18n import gettext
from web.page import Toast
from web.problems import Refused, field_texts
from web.rate_limit import limit_rate
from web.request import WebRequest
from web.routes.privacy import receipt_pdf
from web.screens import go_to, locale_of, show
from web.security import BY_CODE, drop_cookie, set_cookie
from web.views.privacy import copy_archive, copy_tables, receipt_lines, request_line
from web.views.profile import permission_lines

PATH: Final = "/m/{code:str}"
COOKIE: Final = "__Host-anxin-own-page"
LIMIT: Final = 16 * 1024
_MOST_TRIES: Final = 10
"""Answers a minute for one link, over all its visitors; the link itself locks after five wrong ones."""


class TailForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last four digits of the phone."""

    tail: str = ""


class ConsentForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A yes or no of one's own."""

    purpose: str = ""
    decision: str = ""


class AskForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody asks for."""

    kind: str = ""
    text: str = ""
    confirm: str = ""


def _seal(request: WebRequest, link: LinkRecord, until: int) -> str:
    secret = request.runtime.settings.secret_key.encode()
    said = f"own-page:{link.link_id}:{link.code}:{until}".encode()
    return hmac.new(secret, said, hashlib.sha256).hexdigest()


def _is_proven(request: WebRequest, link: LinkRecord, now: datetime) -> bool:
    """This browser answered the question of this very link, less than half an hour ago."""
    until, _, seal = request.cookies.get(COOKIE, "").partition(".")
    if not until.isascii() or not until.isdecimal() or len(until) > 12 or int(until) <= now.timestamp():
        return False
    return hmac.compare_digest(seal.encode("utf-8", "replace"), _seal(request, link, int(until)).encode())


def _here(code: str) -> str:
    return f"/m/{code}"


async def _show_question(request: WebRequest, link: LinkRecord, *, status: int = 200, error: str = "") -> Response[Any]:
    return await show(
        request,
        "pages/public/own_page_question.html",
        status=status,
        here=_here(link.code),
        error=error,
        left=MAX_WRONG - link.wrong,
    )


async def _show_page(
    request: WebRequest,
    reader: Reader,
    link: LinkRecord,
    *,
    status: int = 200,
    values: object = None,
    errors: object = None,
) -> Response[Any]:
    record = await get_customer(reader, link.customer_id)
    people = await list_cluster(reader, link.customer_id)
    copy = await copy_person(reader, people, whole=False)
    card = await find_open_card(reader, link.customer_id)
    return await show(
        request,
        "pages/public/own_page.html",
        card=f"/v/{card.code}" if card else "",
        status=status,
        here=_here(link.code),
        customer=record,
        permissions=permission_lines(await get_consent_state(reader, people)),
        tables=[one for one in copy_tables(copy) if one[0] not in {"customer", "customer_phone", "privacy_request"}],
        missing=bool(copy.missing),
        requests=[request_line(one, reader.now) for one in await list_requests(reader, customer_ids=people)],
        word=CONFIRM_WORDS[0] if locale_of(request).startswith("zh") else CONFIRM_WORDS[1],
        days=REQUEST_DAYS,
        values=values or {},
        errors=errors or {},
    )


async def _find_receipt(reader: Reader, link: LinkRecord) -> ReceiptRecord | None:
    """After an erasure the link shows its receipt, in which nothing is personal, until it would have been over."""
    if reader.now >= link.expires_at:
        return None
    return next(iter(await list_receipts(reader, customer_id=link.customer_id, limit=1)), None)


@get(PATH, guards=[BY_CODE])
async def show_own_page(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    link = await find_link(reader, code)
    receipt = await _find_receipt(reader, link)
    if receipt is not None:
        gone, kept = receipt_lines(receipt.body)
        name = "pages/public/own_page_receipt.html"
        return await show(request, name, receipt=receipt, gone=gone, kept=kept, here=_here(code))
    if not link.is_open(reader.now):
        raise PrivacyLinkGone
    if not _is_proven(request, link, reader.now):
        return await _show_question(request, link)
    return await _show_page(request, reader, link)


@get(PATH + "/receipt.pdf", guards=[BY_CODE])
async def show_own_receipt(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    receipt = await _find_receipt(reader, await find_link(reader, code))
    if receipt is None:
        raise PrivacyLinkGone
    return await receipt_pdf(request, receipt)


@post(PATH + "/open", guards=[BY_CODE], request_max_body_size=LIMIT)
async def do_open(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    """A wrong answer is an answer, not an error: it must be counted, so it is committed."""
    link = await get_open_link(uow, code)
    await limit_rate(request, uow.tenant_id, "own-page", str(link.link_id), most=_MOST_TRIES)
    form = await request.read(TailForm)
    if not await prove_tail(uow, code=code, typed=form.tail):
        again = await find_link(uow, code)
        if again.locked_at is not None:
            return await show(request, "pages/public/own_page_locked.html", status=410)
        return await _show_question(request, again, status=422, error=gettext("These are not the last four digits."))
    until = int((uow.now + PROVEN_FOR).timestamp())
    response = go_to(request, _here(code))
    seconds = int(timedelta(minutes=30).total_seconds())
    set_cookie(response, COOKIE, f"{until}.{_seal(request, link, until)}", max_age=seconds)
    return response


@post(PATH + "/close", guards=[BY_CODE], request_max_body_size=LIMIT)
async def do_close(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    """Let this browser forget that it answered; for a phone that others use too."""
    await find_link(uow, code)
    response = go_to(request, _here(code))
    drop_cookie(response, COOKIE)
    return response


async def _opened(request: WebRequest, reader: Reader, code: str) -> LinkRecord:
    link = await get_open_link(reader, code)
    if not _is_proven(request, link, reader.now):
        raise Refused(await _show_question(request, link, status=403))
    return link


@post(PATH + "/consents", guards=[BY_CODE], request_max_body_size=LIMIT)
async def do_switch_consent(
    request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]
) -> Response[Any]:
    """Stops at the commit: senders ask before each message."""
    link = await _opened(request, uow, code)
    form = await request.read(ConsentForm)
    shown = gettext("The switches of the own page, on all channels")
    await record_consent(
        uow,
        customer_id=link.customer_id,
        purpose=form.purpose,
        decision=form.decision,
        source="customer_page",
        text_shown=shown,
    )
    text = gettext("Allowed from now on") if form.decision == "granted" else gettext("Stopped from now on")
    return go_to(request, _here(code) + "#permissions", toast=Toast(text=text))


@post(PATH + "/requests", guards=[BY_CODE], request_max_body_size=LIMIT)
async def do_ask_own(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    link = await _opened(request, uow, code)
    form = await request.read(AskForm)
    try:
        await ask(
            uow,
            customer_id=link.customer_id,
            kind=form.kind,
            text=form.text,
            confirm=form.confirm,
            source="customer_page",
        )
    except InvalidInput as error:
        errors, values = field_texts(error.problems), {"text": form.text}
        raise Refused(await _show_page(request, uow, link, status=422, values=values, errors=errors)) from None
    text = gettext("Your request has arrived; it is answered within %(days)s days") % {"days": REQUEST_DAYS}
    return go_to(request, _here(code) + "#requests", toast=Toast(text=text))


@post(PATH + "/requests/{request_id:uuid}/withdraw", guards=[BY_CODE], request_max_body_size=LIMIT)
async def do_withdraw(
    request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str], request_id: FromPath[UUID]
) -> Response[Any]:
    link = await _opened(request, uow, code)
    await withdraw_request(uow, customer_id=link.customer_id, request_id=request_id)
    return go_to(request, _here(code) + "#requests", toast=Toast(text=gettext("The request was taken back")))


@post(PATH + "/copy", guards=[BY_CODE], request_max_body_size=LIMIT)
async def do_copy_own(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    """A POST, for the audit log says that the copy was taken."""
    link = await _opened(request, uow, code)
    copy = await copy_person(uow, await list_cluster(uow, link.customer_id))
    uow.audit("privacy.copy", "customer", link.customer_id, {"tables": len(copy.tables)})
    return download(copy_archive(copy), "data-own.zip")


routes = [
    show_own_page,
    show_own_receipt,
    do_open,
    do_close,
    do_switch_consent,
    do_ask_own,
    do_withdraw,
    do_copy_own,
]
