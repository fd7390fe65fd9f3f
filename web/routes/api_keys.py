"""The keys of a chain's own programmes: made with what they may do and until when, shown once, taken back."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.errors import FieldProblem, InvalidInput
from core.uow import Reader, UnitOfWork
from tenants.api_keys import SCOPES, create_key, list_keys, revoke_key
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires

_MAY = [requires("api.manage")]
_BODY_LIMIT = 16 * 1024
SCOPE_NAMES = {
    "forms.read": N_("Read the forms and their schemas"),
    "forms.submit": N_("Send filled-in forms"),
    "submissions.read": N_("Read what was filled in"),
    "customers.read": N_("Read customers, their pets, contacts and history"),
    "customers.write": N_("Find customers by phone, write down new ones, their pets, contacts and consents"),
    "complaints.read": N_("Read complaints and their promises"),
    "complaints.write": N_("File complaints, hand over e-mails and add what customers say"),
    "remedies.propose": N_("Propose remedies, which people decide"),
    "visits.read": N_("Read visits"),
    "visits.write": N_("Begin and end visits"),
    "surveys.read": N_("Read surveys and their answers"),
    "exports.read": N_("Read which files were exported"),
    "segments.read": N_("Read segments and who is in them"),
    "setup.read": N_("Read branches and prices"),
    "loyalty.read": N_("Read accounts, movements, coupons and the rules"),
    "loyalty.write": N_("Record purchases and refunds, move points, issue and redeem coupons, set tiers"),
}

add_entry(
    Entry(
        id="api-keys",
        label=N_("API keys"),
        icon="key-round",
        path="/api-keys",
        permission="api.manage",
        group="manage",
        rank=860,
    )
)


class NewKeyForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a key is called, what it may do, and its last day."""

    name: str = ""
    scopes: tuple[str, ...] = ()
    expires_on: str = ""


async def _show_keys(
    request: WebRequest,
    reader: Reader,
    *,
    status: int = 200,
    form: NewKeyForm | None = None,
    errors: dict[str, str] | None = None,
    token: str = "",
) -> Response[Any]:
    keys = await list_keys(reader)
    return await show(
        request,
        "pages/api/keys.html",
        status=status,
        keys=[(key, key.ends(reader.now), [gettext(SCOPE_NAMES[one]) for one in key.scopes]) for key in keys],
        scopes=[(code, gettext(SCOPE_NAMES[code])) for code in SCOPES],
        values=form or NewKeyForm(),
        errors=errors or {},
        token=token,
        address=f"{request.runtime.settings.public_url}/api/v1",
        root=tenant_path(request, "/api-keys"),
    )


@get("/t/{slug:str}/api-keys", guards=_MAY)
async def show_keys(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_keys(request, reader)


@post("/t/{slug:str}/api-keys", guards=_MAY, request_max_body_size=_BODY_LIMIT)
async def make_key(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Answer with the page itself: the token stands in no address, no cookie and no log."""
    form = await request.read(NewKeyForm, lists=("scopes",))
    try:
        made = await create_key(
            uow, name=form.name, scopes=form.scopes, expires_at=_end_of(form.expires_on, uow.scope.timezone)
        )
    except InvalidInput as error:
        raise Refused(
            await _show_keys(request, uow, status=422, form=form, errors=field_texts(error.problems))
        ) from None
    return await _show_keys(request, uow, token=made.token)


def _end_of(day: str, timezone: str) -> datetime | None:
    """The end of the last day, by the tenant's clocks."""
    if not day:
        return None
    try:
        last = date.fromisoformat(day)
        return datetime.combine(last + timedelta(days=1), time(), ZoneInfo(timezone))
    except (ValueError, OverflowError):
        raise InvalidInput((FieldProblem("expires_on", "date"),)) from None


@post("/t/{slug:str}/api-keys/{key_id:uuid}/revoke", guards=_MAY, request_max_body_size=_BODY_LIMIT)
async def end_key(request: WebRequest, uow: NamedDependency[UnitOfWork], key_id: FromPath[UUID]) -> Response[Any]:
    await revoke_key(uow, key_id=key_id)
    toast = Toast(text=gettext("The key is revoked; programmes that use it are refused from now on"))
    return go_to(request, tenant_path(request, "/api-keys"), toast=toast)


routes = [show_keys, make_key, end_key]
