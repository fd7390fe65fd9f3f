"""The staff's side of forms: what came in, one filled form, and links with QR codes to hand out."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.consents.queries import find_break, find_consent_of_submission
from core.customers.queries import get_customer
from core.errors import NotFound
from core.forms.actions import create_link
from core.forms.attaching import list_submission_files
from core.forms.in_force import get_stands
from core.forms.queries import get_submission, list_forms, list_submissions
from core.hooks.records.text import localized
from core.uow import Reader, UnitOfWork
from web.i18n import N_
from web.navigation import Entry, add_entry
from web.qr import qr_svg
from web.request import WebRequest
from web.routes.consents import own_page, withdraw_word
from web.routes.posters import address_of
from web.screens import locale_of, show, tenant_path
from web.security import requires
from web.views.papers import by_path, consent_view

_READ = requires("forms.read")
_SHARE = requires("forms.share")
PAGE = 25

add_entry(Entry(id="forms", label=N_("Forms"), icon="clipboard-list", path="/forms", permission="forms.read", rank=40))


class CustomerLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which form one customer gets, and about which pet; the first of the tenant's when not said."""

    form_id: str = ""
    subject_id: str = ""


@get("/t/{slug:str}/forms", guards=[_READ])
async def show_submissions(
    request: WebRequest, reader: NamedDependency[Reader], before: FromQuery[UUID | None] = None
) -> Response[Any]:
    rows = await list_submissions(reader, before=before, limit=PAGE)
    locale = locale_of(request)
    root = tenant_path(request, "/forms")
    return await show(
        request,
        "pages/forms/list.html",
        partial="pages/forms/_rows.html",
        rows=rows,
        titles={form.id: localized(form.title, locale) for form in await list_forms(reader)},
        root=root,
        more=f"{root}?before={rows[-1].submission_id}" if len(rows) == PAGE else None,
        customers=tenant_path(request, "/customers"),
        may_share=reader.actor.may("forms.share"),
        may_design=reader.actor.may("forms.design"),
        unfit=sum(1 for stand in (await get_stands(reader)).values() if stand.conflicts),
    )


@post("/t/{slug:str}/customers/{customer_id:uuid}/intake-link", guards=[_SHARE])
async def hand_over(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    fields = await request.read(CustomerLink)
    customer = await get_customer(uow, customer_id)
    forms = await list_forms(uow)
    if not forms:
        raise NotFound("no plugin of this tenant offers a form")
    subject_id = {str(one.subject_id): one.subject_id for one in customer.subjects}.get(fields.subject_id)
    if fields.subject_id and subject_id is None:
        raise NotFound("no such subject of this customer")
    link = await create_link(uow, form_id=fields.form_id or forms[0].id, customer_id=customer_id, subject_id=subject_id)
    address = address_of(request, link)
    return await show(
        request,
        "pages/forms/hand_over.html",
        customer=customer,
        title=next((localized(f.title, locale_of(request)) for f in forms if f.id == link.form_id), link.form_id),
        qr=qr_svg(address),
        address=address,
        forms=[(form.id, localized(form.title, locale_of(request))) for form in forms],
        form_id=link.form_id,
        subject_id=link.subject_id or "",
        action=tenant_path(request, f"/customers/{customer_id}/intake-link"),
        back=tenant_path(request, f"/customers/{customer_id}"),
    )


@get("/t/{slug:str}/forms/{submission_id:uuid}", guards=[_READ])
async def show_submission(
    request: WebRequest, reader: NamedDependency[Reader], submission_id: FromPath[UUID]
) -> Response[Any]:
    record = await get_submission(reader, submission_id, locale=locale_of(request))
    if record.form_id not in {form.id for form in await list_forms(reader)}:
        raise NotFound("its plugin is off")
    consent = await find_consent_of_submission(reader, submission_id)
    seal = None
    if consent is not None:
        seal = consent_view(consent, *await find_break(reader, chain_id=consent.chain_id))
    return await show(
        request,
        "pages/forms/submission.html",
        record=record,
        files=by_path(request, await list_submission_files(reader, submission_id)),
        consent=seal,
        consents=tenant_path(request, "/consents"),
        own=await own_page(request, reader, consent.seal_id) if consent else "",
        word=withdraw_word(),
        may_withdraw=reader.actor.may("forms.share"),
        root=tenant_path(request, "/forms"),
        customers=tenant_path(request, "/customers"),
    )


routes = [show_submissions, hand_over, show_submission]
