"""Links to forms with their QR codes, and the posters of them for the wall (A4) and the counter (A6)."""

import io
from datetime import datetime, time, timedelta
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import segno
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import FieldProblem, InvalidInput, NotFound
from core.forms.actions import create_link, revoke_link
from core.forms.queries import FormLinkExpired, FormLinkRevoked, LinkFacts, get_form, list_forms, list_links
from core.forms.rules.definition import is_date
from core.hooks.records.text import localized
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from web.formats import format_date
from web.i18n import gettext
from web.page import Toast, current_page
from web.pdf import answer_pdf
from web.problems import Refused, field_texts
from web.qr import qr_svg
from web.request import WebRequest
from web.screens import go_to, locale_of, show, tenant_path
from web.security import requires

_SHARE = requires("forms.share")
LINKS: Final = 100


class NewLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which form is handed out, at which branch (none: all), until which day, and how often."""

    form_id: str
    branch_id: str = ""
    until: str = ""
    uses: Literal["many", "once"] = "many"


def address_of(request: WebRequest, link: LinkFacts) -> str:
    """Return what the QR code of a link says."""
    return f"{request.runtime.settings.public_url}/q/{link.code}"


async def _links(
    request: WebRequest,
    reader: Reader,
    *,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    locale = locale_of(request)
    branches = await list_branches(reader)
    links = [link for link in await list_links(reader, limit=LINKS) if link.customer_id is None]
    return await show(
        request,
        "pages/forms/links.html",
        status=status,
        links=[
            (link, qr_svg(address_of(request, link)), address_of(request, link), _state(reader, link)) for link in links
        ],
        titles={form.id: localized(form.title, locale) for form in await list_forms(reader)},
        branches=branches,
        names={branch.branch_id: branch.name for branch in branches},
        values=values or {},
        errors=errors or {},
        today=reader.today.isoformat(),
        root=tenant_path(request, "/forms"),
    )


def _state(reader: Reader, link: LinkFacts) -> str:
    if link.revoked_at is not None:
        return "revoked"
    if link.expires_at is not None and link.expires_at <= reader.now:
        return "expired"
    return "used" if link.max_uses is not None and link.uses >= link.max_uses else "open"


@get("/t/{slug:str}/forms/links", guards=[_SHARE])
async def show_links(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _links(request, reader)


@post("/t/{slug:str}/forms/links", guards=[_SHARE])
async def add_link(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    fields = await request.read(NewLink)
    branch = {str(one.branch_id): one.branch_id for one in await list_branches(uow)}.get(fields.branch_id)
    if fields.branch_id and branch is None:
        raise NotFound("no such branch")
    try:
        expires_at = _end_of(fields.until, uow.scope.timezone)
        uses = 1 if fields.uses == "once" else None
        await create_link(uow, form_id=fields.form_id, branch_id=branch, expires_at=expires_at, max_uses=uses)
    except InvalidInput as error:
        errors = {{"expires_at": "until"}.get(path, path): text for path, text in field_texts(error.problems).items()}
        if "until" in errors:
            errors["until"] = gettext("Choose a day that has not passed.")
        page = await _links(request, uow, status=422, values=msgspec.to_builtins(fields), errors=errors)
        raise Refused(page) from error
    return go_to(request, tenant_path(request, "/forms/links"), toast=Toast(text=gettext("The link is ready")))


def _end_of(day: str, timezone: str) -> datetime | None:
    """A link that is good until a day is good through that day, where the branch is."""
    if not day:
        return None
    if not is_date(day):
        raise InvalidInput((FieldProblem("until", "date"),))
    midnight = datetime.combine(datetime.fromisoformat(day), time(), tzinfo=ZoneInfo(timezone))
    return midnight + timedelta(days=1)


@post("/t/{slug:str}/forms/links/{link_id:uuid}/revoke", guards=[_SHARE])
async def take_back(request: WebRequest, uow: NamedDependency[UnitOfWork], link_id: FromPath[UUID]) -> Response[Any]:
    await revoke_link(uow, link_id=link_id)
    toast = Toast(text=gettext("The link is taken back; whoever scans it is told to ask you"))
    return go_to(request, tenant_path(request, "/forms/links"), toast=toast)


@get("/t/{slug:str}/forms/links/{link_id:uuid}/poster.pdf", guards=[_SHARE])
async def show_poster(
    request: WebRequest,
    reader: NamedDependency[Reader],
    link_id: FromPath[UUID],
    size: FromQuery[Literal["a4", "a6"]] = "a4",
) -> Response[bytes]:
    """Print what works: a link that is over has no poster, and says so."""
    link = next((one for one in await list_links(reader, link_id=link_id)), None)
    if link is None:
        raise NotFound("no such link")
    state = _state(reader, link)
    if state == "revoked":
        raise FormLinkRevoked(branch_id=link.branch_id)
    if state == "expired":
        raise FormLinkExpired(branch_id=link.branch_id, expires_at=link.expires_at)
    title = localized((await get_form(reader, link.form_id)).title, current_page().lang)
    data = await poster(request, reader, link, size)
    return await answer_pdf("poster", data, filename=f"{title} {size.upper()}.pdf", download=False)


async def poster(request: WebRequest, reader: Reader, link: LinkFacts, size: str) -> dict[str, Any]:
    """Return what the poster shows: the reader's language first, the other one small below."""
    title = (await get_form(reader, link.form_id)).title
    lang = current_page().lang
    other = "en" if lang == "zh-CN" else "zh-CN"
    branch = next((one for one in await list_branches(reader) if one.branch_id == link.branch_id), None)
    place = (branch.address, branch.emergency_phone) if branch is not None else ()
    words = _WORDS if lang == "zh-CN" else tuple((b, a) for a, b in _WORDS)
    subtitle = localized(title, other)
    last_day = link.expires_at - timedelta(seconds=1) if link.expires_at is not None else None
    return {
        "size": size,
        "lang": lang[:2],
        "house": reader.scope.tenant_name,
        "branch": branch.name if branch is not None else "",
        "title": localized(title, lang),
        "subtitle": subtitle if subtitle != localized(title, lang) else "",
        "qr": _qr(address_of(request, link)),
        "call": words[0][0],
        "call_other": words[0][1],
        "steps": words[1:],
        "foot": " · ".join(filter(None, place)),
        "until": gettext("Good until %(day)s") % {"day": format_date(last_day)} if last_day is not None else "",
    }


# On paper stand both languages, whoever prints it: nobody knows who will read it.
_WORDS: Final = (
    ("打开微信或相机，扫一扫", "Scan with WeChat or your phone's camera"),
    ("扫一扫", "Scan the code"),
    ("填一填，约两分钟", "Fill in, about two minutes"),
    ("点“发送”就好", "Send, and that is all"),
)


def _qr(address: str) -> str:
    buffer = io.BytesIO()
    segno.make(address, error="q", micro=False).save(buffer, kind="svg", border=0, scale=8, dark="#0a2b2b")
    return buffer.getvalue().decode()


routes = [show_links, add_link, take_back, show_poster]
