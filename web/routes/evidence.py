"""The evidence locker of a case: pieces, seal, custody, legal hold and the dossier; each look is a POST, for it is logged."""

import base64
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.complaints.queries.cases import ComplaintDetail, get_complaint
from core.errors import FieldProblem, InvalidInput, NotFound
from core.evidence.actions import add_evidence, add_text, get_original, hold, lift, look, prepare_evidence, seal
from core.evidence.dossiers import read_dossier, start_dossier
from core.evidence.queries import (
    EvidenceFacts,
    find_verdict,
    get_dossier,
    get_locker,
    list_custody,
    list_dossiers,
    list_evidence,
    list_holds,
)
from core.evidence.rules import TEXT, checklist, secured_by, words_of
from core.evidence.verifying import find_fault, verify_case, verify_now
from core.files.queries import get_thumbnail
from core.hooks.specs.complaints import complaint_categories
from core.uow import Reader, UnitOfWork
from web.case_sections import CaseSection, add_case_section
from web.downloads import download
from web.i18n import gettext
from web.page import Toast
from web.pdf import render_pdf_aside
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views import evidence as words
from web.views.complaints import number_text

LOCKER: Final = "/t/{slug:str}/complaints/{complaint_id:uuid}/evidence"
PIECE: Final = LOCKER + "/{evidence_id:uuid}"
DOSSIERS: Final = "/t/{slug:str}/complaints/{complaint_id:uuid}/dossiers"
DOSSIER: Final = DOSSIERS + "/{dossier_id:uuid}"
_READ, _WRITE, _HOLD = (requires(f"evidence.{verb}") for verb in ("read", "write", "hold"))
UPLOAD_LIMIT: Final = 220 * 1024 * 1024
"""Bytes of one post with files; each file of 100 MB is refused by its field first."""
SMALL: Final = 256 * 1024
SHOWN: Final = 20_000
IN_PASSING: Final = 16_000_000
"""Bytes of files that the page reads anew each time it is opened, which takes a tenth of a second; more on asking."""


class Why(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why something is done, and what is missing."""

    reason: str = ""
    missing: str = ""


class TextForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A written piece of evidence."""

    kind: str = "note"
    label: str = ""
    words: str = ""


class CaseEvidence(msgspec.Struct, frozen=True):
    """What the case shows of its locker."""

    pieces: int
    sealed: bool
    after: int
    held: bool
    wanted: tuple[tuple[str, bool], ...]
    broken: bool
    """The last time somebody verified it, something did not hold."""


def _wanted(reader: Reader, case: ComplaintDetail, pieces: list[EvidenceFacts]) -> tuple[tuple[str, bool], ...]:
    """What the case's category asks for; a category that says nothing asks what its parent does."""
    tree = {one.value.id: one.value for one in reader.plugins.declared(complaint_categories)}
    node = tree.get(case.category or "")
    while node is not None and not node.evidence and node.parent in tree:
        node = tree[node.parent]
    kinds = frozenset(one.kind for one in pieces if one.act == "added")
    return checklist(node.evidence if node is not None else (), kinds)


async def _load(reader: Reader, case: ComplaintDetail) -> CaseEvidence:
    pieces = await list_evidence(reader, case.complaint_id)
    seals = [one.seq for one in pieces if one.act == "sealed"]
    after = [one for one in pieces if one.act == "added" and one.seq > (seals[-1] if seals else 0)]
    held = bool(await list_holds(reader, {case.complaint_id}, live=True))
    count = sum(one.act == "added" for one in pieces)
    broken = await find_verdict(reader, case.complaint_id) == "broken"
    return CaseEvidence(count, bool(seals), len(after), held, _wanted(reader, case, pieces), broken)


add_case_section(
    CaseSection(id="evidence", template="pages/evidence/_case.html", load=_load, permission="evidence.read", rank=40)
)


async def _show(
    request: WebRequest,
    reader: Reader,
    complaint_id: UUID,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    at: str = "",
    values: object = None,
) -> Response[Any]:
    case = await get_complaint(reader, complaint_id=complaint_id)
    pieces = await list_evidence(reader, complaint_id)
    kinds = frozenset(one.kind for one in pieces if one.act == "added")
    holds = await list_holds(reader, {complaint_id})
    checked = await verify_case(reader, complaint_id, most_bytes=IN_PASSING)
    return await show(
        request,
        "pages/evidence/locker.html",
        status=status,
        case=case,
        number=number_text(case.number),
        root=tenant_path(request, "/complaints"),
        back=tenant_path(request, f"/complaints/{complaint_id}"),
        here=tenant_path(request, f"/complaints/{complaint_id}/evidence"),
        dossiers_at=tenant_path(request, f"/complaints/{complaint_id}/dossiers"),
        pieces=pieces,
        checked=checked,
        faults=words.fault_words(checked.faults),
        faulty=frozenset(one.seq for one in checked.faults if one.part == "evidence"),
        locker=await get_locker(reader, complaint_id),
        custody=await list_custody(reader, complaint_id, limit=200),
        holds=holds,
        held=next((one for one in holds if one.lifted_at is None), None),
        dossiers=await list_dossiers(reader, complaint_id),
        wanted=_wanted(reader, case, pieces),
        complete=len(secured_by(kinds)) == 3,
        kinds=words.kind_options(),
        kind_words={kind: gettext(said) for kind, said in words.KINDS.items()},
        icons=words.ICONS,
        acts={act: gettext(said) for act, said in words.ACTS.items()},
        states={state: (gettext(said), tone) for state, (said, tone) in words.STATES.items()},
        reason_words=words.reason_words,
        size_text=words.size_text,
        may_write=reader.actor.may("evidence.write"),
        may_hold=reader.actor.may("evidence.hold"),
        may_lift="director" in reader.actor.roles,
        errors=errors or {},
        at=at,
        values=values,
    )


def _back(request: WebRequest, complaint_id: UUID, said: str) -> Response[Any]:
    return go_to(request, tenant_path(request, f"/complaints/{complaint_id}/evidence"), toast=Toast(text=said))


async def _refused(
    request: WebRequest, uow: Reader, complaint_id: UUID, error: InvalidInput, at: str, values: object = None
) -> Refused:
    texts = field_texts(error.problems)
    return Refused(await _show(request, uow, complaint_id, status=422, errors=texts, at=at, values=values))


@get(LOCKER, guards=[_READ])
async def show_locker(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID]
) -> Response[Any]:
    return await _show(request, reader, complaint_id)


@post(LOCKER, guards=[_WRITE], request_max_body_size=UPLOAD_LIMIT)
async def do_add_files(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.open_form()
    sent = form.get("files")
    uploads = [one for one in (sent if isinstance(sent, list) else [sent]) if isinstance(one, UploadFile)]
    kind, label = str(form.get("kind") or ""), str(form.get("label") or "")
    try:
        chosen = [one for one in uploads if one.filename]
        if not chosen:
            raise InvalidInput((FieldProblem("files", "required"),))  # noqa: TRY301 - said at its field like the others
        for upload in chosen:
            ready = await prepare_evidence(await upload.read(), filename=upload.filename)
            await add_evidence(uow, complaint_id=complaint_id, kind=kind, label=label, ready=ready)
    except InvalidInput as error:
        raise await _refused(request, uow, complaint_id, error, "files") from error
    return _back(request, complaint_id, gettext("The evidence is secured"))


@post(LOCKER + "/text", guards=[_WRITE], request_max_body_size=SMALL * 4)
async def do_add_text(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(TextForm)
    try:
        await add_text(uow, complaint_id=complaint_id, kind=form.kind, label=form.label, words=form.words)
    except InvalidInput as error:
        raise await _refused(request, uow, complaint_id, error, "text", form) from error
    return _back(request, complaint_id, gettext("The evidence is secured"))


@post(LOCKER + "/seal", guards=[_WRITE], request_max_body_size=SMALL)
async def do_seal(request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Why)
    try:
        await seal(uow, complaint_id=complaint_id, reason=form.reason, missing=form.missing)
    except InvalidInput as error:
        raise await _refused(request, uow, complaint_id, error, "seal", form) from error
    return _back(request, complaint_id, gettext("The evidence is sealed"))


@post(LOCKER + "/hold", guards=[_HOLD], request_max_body_size=SMALL)
async def do_hold(request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Why)
    try:
        await hold(uow, complaint_id=complaint_id, reason=form.reason)
    except InvalidInput as error:
        raise await _refused(request, uow, complaint_id, error, "hold", form) from error
    return _back(request, complaint_id, gettext("Nobody can erase these files now"))


@post(LOCKER + "/lift", guards=[_HOLD], request_max_body_size=SMALL)
async def do_lift(request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Why)
    try:
        await lift(uow, complaint_id=complaint_id, reason=form.reason)
    except InvalidInput as error:
        raise await _refused(request, uow, complaint_id, error, "lift", form) from error
    return _back(request, complaint_id, gettext("The legal hold is lifted"))


@post(LOCKER + "/verify", guards=[_READ], request_max_body_size=SMALL)
async def do_verify(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    """Hash every file anew, however large; that it was done and what came out is written into the custody log."""
    checked = await verify_now(uow, complaint_id)
    if not checked.faults:
        return _back(request, complaint_id, gettext("Everything holds: both chains and every file"))
    return _back(request, complaint_id, gettext("Something does not hold; the page says what"))


@post(PIECE + "/look", guards=[_READ], request_max_body_size=SMALL)
async def do_look(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], evidence_id: FromPath[UUID]
) -> Response[Any]:
    """A POST, for it writes down who looked; the original itself is never drawn, only a picture made from it."""
    case = await get_complaint(uow, complaint_id=complaint_id)
    piece = await look(uow, complaint_id=complaint_id, evidence_id=evidence_id)
    return await show(
        request,
        "pages/evidence/piece.html",
        piece=piece,
        number=number_text(case.number),
        root=tenant_path(request, "/complaints"),
        back=tenant_path(request, f"/complaints/{complaint_id}"),
        here=tenant_path(request, f"/complaints/{complaint_id}/evidence"),
        kind=gettext(words.KINDS.get(piece.kind, piece.kind)),
        size=words.size_text(piece.size or 0),
        fault=await fault_of(uow, piece),
        **await preview_of(uow, piece),
    )


async def fault_of(reader: Reader, piece: EvidenceFacts) -> str:
    """What is wrong with the bytes, in words; it is shown beside them, and nothing is hidden for it."""
    fault = await find_fault(reader, piece)
    return gettext(words.FAULTS[fault]) if fault else ""


async def preview_of(reader: Reader, piece: EvidenceFacts) -> dict[str, Any]:
    """The words of a text or a small picture drawn again, as `text` and `picture`; the original is never shown."""
    if piece.media_type == TEXT:
        with suppress(NotFound):  # the bytes are gone: the page says so beside what is left
            return {"text": words_of(await get_original(reader, piece))[:SHOWN], "picture": ""}
    if not piece.is_image or piece.file_id is None:
        return {"text": "", "picture": ""}
    small = base64.b64encode(await get_thumbnail(reader, piece.file_id)).decode()
    return {"text": "", "picture": f"data:image/jpeg;base64,{small}"}


@post(PIECE + "/take", guards=[_READ], request_max_body_size=SMALL)
async def do_take(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], evidence_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Why)
    try:
        piece = await look(
            uow, complaint_id=complaint_id, evidence_id=evidence_id, act="downloaded", reason=form.reason
        )
    except InvalidInput as error:
        raise await _refused(request, uow, complaint_id, error, str(evidence_id)) from error
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(piece.filename or 'evidence', safe='')}",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "no-store",
    }
    # Never the file's own type: no browser is to open an original by itself.
    return Response(
        await get_original(uow, piece), status_code=200, media_type="application/octet-stream", headers=headers
    )


@post(DOSSIERS, guards=[_READ], request_max_body_size=SMALL)
async def do_start_dossier(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Why)
    try:
        paper = await render_pdf_aside("dossier", await _paper(uow, complaint_id))
        await start_dossier(uow, complaint_id=complaint_id, reason=form.reason, paper=paper)
    except InvalidInput as error:
        raise await _refused(request, uow, complaint_id, error, "dossier", form) from error
    return _back(request, complaint_id, gettext("The dossier is being written"))


@get(DOSSIER, guards=[_READ])
async def show_dossier_progress(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID], dossier_id: FromPath[UUID]
) -> Response[Any]:
    await get_dossier(reader, dossier_id)
    return await _show(request, reader, complaint_id)


@post(DOSSIER + "/file", guards=[_READ], request_max_body_size=SMALL)
async def do_take_dossier(
    uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], dossier_id: FromPath[UUID]
) -> Response[bytes]:
    case = await get_complaint(uow, complaint_id=complaint_id)
    _, content = await read_dossier(uow, dossier_id=dossier_id, complaint_id=complaint_id)
    return download(content, f"dossier-{case.number}.zip")


async def _paper(reader: Reader, complaint_id: UUID) -> dict[str, Any]:
    case = await get_complaint(reader, complaint_id=complaint_id)
    pieces = await list_evidence(reader, complaint_id)
    custody = await list_custody(reader, complaint_id)
    return {
        "title": gettext("Dossier of complaint %(number)s") % {"number": number_text(case.number)},
        "foot": number_text(case.number),
        "lang": "zh",
        "sections": [
            {
                "title": gettext("The complaint"),
                "rows": [[gettext("Received"), case.received_at.isoformat()], ["", case.text]],
            },
            {
                "title": gettext("Steps and deadlines"),
                "rows": [
                    [clock.milestone, f"{clock.status} · {clock.due_at.isoformat() if clock.due_at else '—'}"]
                    for clock in case.clocks
                ],
            },
            {
                "title": gettext("Evidence"),
                "rows": [
                    [str(one.seq), f"{one.label or gettext('Sealed')} · {one.by_name} · {one.sha256}"] for one in pieces
                ],
            },
            {
                "title": gettext("Custody"),
                "rows": [
                    [
                        one.at.isoformat(timespec="seconds"),
                        f"{gettext(words.ACTS.get(one.act, one.act))} · {one.by_name} · {words.reason_words(one.reason)}",
                    ]
                    for one in reversed(custody)
                ],
            },
        ],
    }


routes = [
    show_locker,
    do_add_files,
    do_add_text,
    do_seal,
    do_hold,
    do_lift,
    do_verify,
    do_look,
    do_take,
    do_start_dossier,
    show_dossier_progress,
    do_take_dossier,
]
