"""An expert's own page behind a link: the word told by phone opens it for one browser; then reading, looking and signing."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from core.complaints.queries.cases import ComplaintDetail, get_complaint
from core.errors import InvalidInput
from core.hearings.actions import is_known, look_as_expert, open_link
from core.hearings.queries import MemberFacts, get_hearing, get_invited, list_released
from core.hearings.rules import MAX_WRONG, without_contacts
from core.uow import Reader, UnitOfWork
from web.hearing_page import SignForm, sign
from web.i18n import gettext
from web.problems import Refused, field_texts
from web.rate_limit import limit_rate
from web.request import WebRequest
from web.routes.evidence import fault_of, preview_of
from web.screens import go_to, show
from web.security import BY_CODE, set_cookie
from web.views.complaints import number_text
from web.views.evidence import ICONS, KINDS

PATH: Final = "/h/{code:str}"
LIMIT: Final = 16 * 1024
SIGNATURE_LIMIT: Final = 1024 * 1024
_MOST_TRIES: Final = 10


class WordForm(Struct, frozen=True, forbid_unknown_fields=True):
    """The word that was told by phone."""

    word: str = ""


def _cookie(member: MemberFacts) -> str:
    """One cookie for each invitation, so that an expert of two hearings stays known to both."""
    return f"__Host-anxin-hearing-{member.member_id.hex}"


def _is_here(request: WebRequest, member: MemberFacts) -> bool:
    return is_known(member, request.cookies.get(_cookie(member), ""))


async def _ask(
    request: WebRequest, member: MemberFacts, code: str, *, status: int = 200, error: str = ""
) -> Response[Any]:
    """Show the question; a link that another browser opened says so, and what to do."""
    locked = member.wrong >= MAX_WRONG
    taken = not locked and not member.word_hash
    return await show(
        request,
        "pages/public/hearing_word.html",
        status=403 if status == 200 and (locked or taken) else status,
        here=f"/h/{code}",
        locked=locked,
        taken=taken,
        error=error,
    )


async def _known(request: WebRequest, reader: Reader, code: str) -> MemberFacts:
    member = await get_invited(reader, code)
    if not _is_here(request, member):
        raise Refused(await _ask(request, member, code, status=403))
    return member


def _plain(case: ComplaintDetail, text: str) -> str:
    return without_contacts(text, case.contact_name, case.contact_phone)


async def _show(
    request: WebRequest,
    reader: Reader,
    member: MemberFacts,
    *,
    status: int = 200,
    values: SignForm | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    hearing = await get_hearing(reader, member.hearing_id)
    case = await get_complaint(reader, complaint_id=hearing.complaint_id)
    pieces = [one for one in await list_released(reader, hearing) if one.act == "added" and one.state == "kept"]
    return await show(
        request,
        "pages/public/hearing.html",
        status=status,
        here=f"/h/{member.code}",
        member=member,
        hearing=hearing,
        agenda=_plain(case, hearing.agenda),
        number=number_text(case.number),
        level=case.severity,
        received=case.received_at,
        words=_plain(case, case.text),
        desired=_plain(case, case.desired),
        pieces=[
            (one, _plain(case, one.label), gettext(KINDS.get(one.kind, one.kind)), ICONS.get(one.kind, "file-text"))
            for one in pieces
        ],
        values=values or SignForm(),
        errors=errors or {},
    )


@get(PATH, guards=[BY_CODE])
async def show_invitation(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    member = await get_invited(reader, code)
    if not _is_here(request, member):
        return await _ask(request, member, code)
    return await _show(request, reader, member)


@post(PATH + "/open", guards=[BY_CODE], request_max_body_size=LIMIT)
async def do_open_invitation(
    request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]
) -> Response[Any]:
    """A wrong word is an answer, not an error: it must be counted, so it is committed."""
    member = await get_invited(uow, code)
    await limit_rate(request, uow.tenant_id, "hearing", str(member.member_id), most=_MOST_TRIES)
    form = await request.read(WordForm)
    token = await open_link(uow, code=code, word=form.word)
    if token is None:
        error = gettext("This is not the word, or it was used already. Wait a moment before you try again.")
        return await _ask(request, await get_invited(uow, code), code, status=422, error=error)
    response = go_to(request, f"/h/{code}")
    left = int((member.expires_at - uow.now).total_seconds()) if member.expires_at is not None else None
    set_cookie(response, _cookie(member), token, max_age=left)
    return response


@post(PATH + "/evidence/{evidence_id:uuid}", guards=[BY_CODE], request_max_body_size=LIMIT)
async def do_look_as_expert(
    request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str], evidence_id: FromPath[UUID]
) -> Response[Any]:
    """A POST, for it writes down who looked."""
    member = await _known(request, uow, code)
    piece = await look_as_expert(uow, member=member, evidence_id=evidence_id)
    case = await get_complaint(uow, complaint_id=piece.complaint_id)
    seen = await preview_of(uow, piece)
    return await show(
        request,
        "pages/public/hearing_piece.html",
        here=f"/h/{code}",
        label=_plain(case, piece.label),
        kind=gettext(KINDS.get(piece.kind, piece.kind)),
        piece=piece,
        fault=await fault_of(uow, piece),
        picture=seen["picture"],
        text=_plain(case, seen["text"]),
    )


@post(PATH + "/sign", guards=[BY_CODE], request_max_body_size=SIGNATURE_LIMIT)
async def do_sign_as_expert(
    request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]
) -> Response[Any]:
    member = await _known(request, uow, code)
    form = await request.read(SignForm)
    try:
        await sign(uow, member, form)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show(request, uow, member, status=422, values=form, errors=texts)) from error
    return go_to(request, f"/h/{code}#signed")


routes = [show_invitation, do_open_invitation, do_look_as_expert, do_sign_as_expert]
