"""Sealed consents: the PDF and the withdrawal on the staff's side, and the signer's own page, where it is as easy."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.consents.actions import withdraw_consent
from core.consents.queries import ConsentFacts, find_break, get_consent
from core.errors import FieldProblem, InvalidInput, NotFound
from core.forms.queries import find_form, get_submission
from core.tenancy.queries import find_tenant
from core.uow import Reader, UnitOfWork
from web.file_links import is_signed, sign
from web.i18n import gettext
from web.page import Toast
from web.pdf import answer_pdf
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, locale_of, page_for, show, tenant_path
from web.security import BY_CODE, requires
from web.uploads import witness_of
from web.views.papers import consent_paper, consent_view

BODY_LIMIT: Final = 16 * 1024
ONE: Final = "/t/{slug:str}/consents/{seal_id:uuid}"
OWN: Final = "/q/{code:str}/consents/{seal_id:uuid}"


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Typed by staff, who take back what somebody else has signed."""

    confirm: str = ""
    reason: str = ""


class OwnWithdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signer need not give a reason."""

    confirm: str = ""
    reason: str = ""
    sig: str = ""


def own_address(request: WebRequest, code: str, seal_id: UUID) -> str:
    """Return the signer's own page of a consent, for good: to withdraw must be as easy as to agree."""
    return f"/q/{code}/consents/{seal_id}?sig={sign(request, f'consent:{seal_id}')}"


async def own_page(request: WebRequest, reader: Reader, seal_id: UUID) -> str:
    """Return the same page for staff to send on: behind the head of the tenant's codes, which leads to no form."""
    tenant = await find_tenant(reader.session)
    assert tenant is not None
    return own_address(request, tenant.code_prefix, seal_id)


async def _answer_paper(request: WebRequest, reader: Reader, consent: ConsentFacts) -> Response[bytes]:
    locale = locale_of(request)
    record = await get_submission(reader, consent.submission_id, locale=locale)
    data = consent_paper(record, consent, house=reader.scope.tenant_name, lang=page_for(request).lang)
    return await answer_pdf("consent", data, filename=f"{record.view.title} {consent.signed_at:%Y-%m-%d}.pdf")


@get(ONE + "/paper.pdf", guards=[requires("forms.read")])
async def show_paper(request: WebRequest, reader: NamedDependency[Reader], seal_id: FromPath[UUID]) -> Response[bytes]:
    return await _answer_paper(request, reader, await _offered(reader, seal_id))


async def _offered(reader: Reader, seal_id: UUID) -> ConsentFacts:
    """A consent to the form of a plugin that is off is kept and not shown, like its form."""
    consent = await get_consent(reader, seal_id)
    if await find_form(reader, consent.form_id) is None:
        raise NotFound("its plugin is off")
    return consent


@post(ONE + "/withdraw", guards=[requires("forms.share")], request_max_body_size=BODY_LIMIT)
async def do_withdraw(request: WebRequest, uow: NamedDependency[UnitOfWork], seal_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Withdrawal)
    consent = await _offered(uow, seal_id)
    if form.confirm.strip() != withdraw_word():
        raise InvalidInput((FieldProblem("confirm", "not-confirmed", {"word": withdraw_word()}),))
    await withdraw_consent(uow, seal_id=seal_id, reason=form.reason, witness=witness_of(request))
    toast = Toast(text=gettext("The consent is withdrawn; what needs it can no longer begin"))
    return go_to(request, tenant_path(request, f"/forms/{consent.submission_id}"), toast=toast)


def withdraw_word() -> str:
    """Return the word that staff type, in their language: what was withdrawn stays withdrawn."""
    return gettext("withdraw")


async def _own(request: WebRequest, reader: Reader, seal_id: UUID, sig: str) -> ConsentFacts:
    if not is_signed(request, f"consent:{seal_id}", sig):
        raise NotFound("no such consent")
    return await get_consent(reader, seal_id)


async def _show_own(
    request: WebRequest,
    reader: Reader,
    consent: ConsentFacts,
    sig: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    record = await get_submission(reader, consent.submission_id, locale=locale_of(request))
    found, links = await find_break(reader, chain_id=consent.chain_id)
    here = request.scope["path"].removesuffix("/withdraw")
    return await show(
        request,
        "pages/consents/own.html",
        status=status,
        record=record,
        consent=consent_view(consent, found, links),
        here=here,
        sig=sig,
        errors=errors or {},
    )


@get(OWN, guards=[BY_CODE])
async def show_own(
    request: WebRequest,
    reader: NamedDependency[Reader],
    seal_id: FromPath[UUID],
    sig: FromQuery[str] = "",
) -> Response[Any]:
    return await _show_own(request, reader, await _own(request, reader, seal_id, sig), sig)


@get(OWN + "/paper.pdf", guards=[BY_CODE])
async def show_own_paper(
    request: WebRequest,
    reader: NamedDependency[Reader],
    seal_id: FromPath[UUID],
    sig: FromQuery[str] = "",
) -> Response[bytes]:
    return await _answer_paper(request, reader, await _own(request, reader, seal_id, sig))


@post(OWN + "/withdraw", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def do_withdraw_own(
    request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str], seal_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(OwnWithdrawal)
    consent = await _own(request, uow, seal_id, form.sig)
    if form.confirm != "true":
        texts = field_texts((FieldProblem("confirm", "required"),))
        raise Refused(await _show_own(request, uow, consent, form.sig, status=422, errors=texts))
    await withdraw_consent(uow, seal_id=seal_id, reason=form.reason, witness=witness_of(request))
    return go_to(request, f"/q/{code}/consents/{seal_id}?sig={form.sig}")


routes = [show_paper, do_withdraw, show_own, show_own_paper, do_withdraw_own]
