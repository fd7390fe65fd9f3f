"""What belongs together and what does not: suspected duplicates, merging with a preview, splitting, confirming and naming a cause."""

from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.complaints.actions.classifying import classify, confirm_level
from core.complaints.actions.joining import (
    MergeFacts,
    MergePreview,
    find_survivor,
    list_merged,
    merge_complaints,
    preview_merge,
)
from core.complaints.actions.parting import split_complaint, undo_merge
from core.complaints.queries.cases import ComplaintDetail, find_by_number, get_complaint
from core.complaints.queries.twins import find_twins_of
from core.complaints.rules.sources import Source
from core.errors import FieldProblem, InvalidInput
from core.files.queries import FileFacts, list_files
from core.uow import Reader, UnitOfWork
from web.case_sections import CaseSection, add_case_section
from web.complaint_files import OWNER
from web.complaint_form import SOURCE_FIELDS
from web.file_links import staff_address
from web.formats import format_date, format_datetime
from web.i18n import gettext
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.routes.complaint_intake import category_options, cause_options
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.complaint_merges import preview_lines
from web.views.complaints import CHANNELS, number_text
from web.views.twins import TwinLine, twin_lines

CASE: Final = "/t/{slug:str}/complaints/{complaint_id:uuid}"
_READ, _WRITE, _JUDGE = ([requires(f"complaints.{verb}")] for verb in ("read", "write", "judge"))
BODY_LIMIT: Final = 256 * 1024


class MergeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which complaint goes into this one, and why."""

    loser_id: UUID
    reason: str = ""


class SplitForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes on as a case of its own."""

    text: str = ""
    desired: str = ""
    key: str = ""


class ReasonForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: str = ""


class KindForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it is about and why it came about."""

    category: str = ""
    cause: str = ""


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The level that the leader looked at."""

    severity: Literal["", "L1", "L2", "L3"] = ""


class _Joined(msgspec.Struct, frozen=True):
    """What the case's page says about its twins, where it came from and where it went."""

    case: ComplaintDetail
    twins: list[TwinLine]
    merged: list[MergeFacts]
    into: ComplaintDetail | None
    parent: ComplaintDetail | None
    may_judge: bool
    root: str


class _Origin(msgspec.Struct, frozen=True):
    """Channel, source and the two trees."""

    case: ComplaintDetail
    channel: str
    facts: list[tuple[str, str]]
    address: str
    categories: list[tuple[str, str]]
    causes: list[tuple[str, str]]
    may_write: bool
    may_judge: bool
    here: str


async def _load_joined(reader: Reader, case: ComplaintDetail) -> _Joined | None:
    is_open = case.state == "open"
    twins = twin_lines(await find_twins_of(reader, complaint_id=case.complaint_id)) if is_open else []
    merged = await list_merged(reader, complaint_id=case.complaint_id)
    into = await get_complaint(reader, complaint_id=case.merged_into) if case.merged_into else None
    parent = await get_complaint(reader, complaint_id=case.split_from) if case.split_from else None
    root = f"/t/{reader.scope.slug}/complaints"
    may_judge = reader.actor.may("complaints.judge")
    if not (twins or merged or into or parent or may_judge):
        return None
    return _Joined(case, twins, merged, into, parent, may_judge, root)


def source_facts(source: Source | None) -> list[tuple[str, str]]:
    """Return what was written down of the source, in the reader's words; the address is shown as a link elsewhere."""
    if source is None:
        return []
    kind = source.__struct_config__.tag
    facts = []
    for name, label, control in SOURCE_FIELDS[str(kind)]:
        value = getattr(source, name)
        if value in (None, "") or name == "address":
            continue
        text = {"date": format_date, "datetime": format_datetime}.get(control, str)(value)
        facts.append((gettext(label), text))
    return facts


async def _load_origin(reader: Reader, case: ComplaintDetail) -> _Origin:
    return _Origin(
        case=case,
        channel=gettext(CHANNELS[case.channel]),
        facts=source_facts(case.source),
        address=getattr(case.source, "address", ""),
        categories=category_options(reader),
        causes=cause_options(reader),
        may_write=reader.actor.may("complaints.write") and case.state not in {"archived", "merged"},
        may_judge=reader.actor.may("complaints.judge"),
        here=f"/t/{reader.scope.slug}/complaints/{case.complaint_id}",
    )


async def _load_files(reader: Reader, case: ComplaintDetail) -> list[FileFacts] | None:
    return await list_files(reader, owner_kind=OWNER, owner_id=case.complaint_id) or None


def _present_files(request: WebRequest, files: list[FileFacts]) -> list[dict[str, Any]]:
    return [
        {
            "name": file.filename,
            "href": staff_address(request, file.file_id),
            "small": staff_address(request, file.file_id, small=True) if file.is_image else "",
            "sound": file.media_type.startswith("audio/"),
            "at": file.created_at,
        }
        for file in files
    ]


add_case_section(
    CaseSection(
        id="origin",
        template="pages/complaints/_origin.html",
        load=_load_origin,
        permission="complaints.read",
        place="side",
        rank=10,
    )
)
add_case_section(
    CaseSection(
        id="joined",
        template="pages/complaints/_joined.html",
        load=_load_joined,
        permission="complaints.read",
        place="side",
        rank=20,
    )
)
add_case_section(
    CaseSection(
        id="brought",
        template="pages/complaints/_brought.html",
        load=_load_files,
        permission="complaints.read",
        place="main",
        rank=38,
        present=_present_files,
    )
)


class _GoesOn(msgspec.Struct, frozen=True):
    """Where a merged complaint goes on; the address is given to the same person only."""

    number: str
    address: str


async def _load_goes_on(reader: Reader, case: ComplaintDetail) -> _GoesOn | None:
    if case.merged_into is None:
        return None
    survivor = await get_complaint(reader, complaint_id=await find_survivor(reader, complaint_id=case.complaint_id))
    same_customer = case.customer_id is not None and case.customer_id == survivor.customer_id
    same_phone = bool(case.contact_phone) and case.contact_phone == survivor.contact_phone
    # Two people may complain about one thing; neither is shown the other's words.
    address = f"/s/{survivor.status_code}" if same_customer or same_phone else ""
    return _GoesOn(number_text(survivor.number), address)


add_case_section(
    CaseSection(
        id="goes-on",
        template="pages/complaints/_goes_on.html",
        load=_load_goes_on,
        permission="",
        place="status",
        rank=1,
    )
)


def _here(request: WebRequest, complaint_id: UUID) -> str:
    return tenant_path(request, f"/complaints/{complaint_id}")


async def _other(reader: Reader, text: str) -> ComplaintDetail | None:
    """The complaint that was named: `C-0012`, `12`, or its id."""
    plain = text.strip().upper().removeprefix("C-")
    if plain.isdecimal() and len(plain) < 16:
        found = await find_by_number(reader, number=int(plain))
        return None if found is None else await get_complaint(reader, complaint_id=found)
    try:
        return await get_complaint(reader, complaint_id=UUID(text.strip()))
    except ValueError:
        return None


async def _show_merge(
    request: WebRequest,
    reader: Reader,
    complaint_id: UUID,
    named: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    case = await get_complaint(reader, complaint_id=complaint_id)
    other = await _other(reader, named) if named else None
    texts = dict(errors or {})
    preview: MergePreview | None = None
    if named and other is None:
        texts["with"] = gettext("There is no complaint of this number")
    elif other is not None and other.complaint_id == complaint_id:
        texts["with"] = gettext("A complaint cannot become one with itself")
    elif other is not None and {case.state, other.state} != {"open"}:
        texts["with"] = gettext("Only complaints that are open can become one")
    elif other is not None:
        preview = await preview_merge(reader, survivor_id=complaint_id, loser_id=other.complaint_id)
    return await show(
        request,
        "pages/complaints/merge.html",
        status=status,
        case=case,
        other=other,
        preview=preview,
        lines=preview_lines(preview),
        errors=texts,
        named=named,
        twins=twin_lines(await find_twins_of(reader, complaint_id=complaint_id)),
        root=tenant_path(request, "/complaints"),
        here=_here(request, complaint_id),
        number=number_text,
    )


@get(f"{CASE}/merge", guards=_JUDGE)
async def show_merge(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_merge(request, reader, complaint_id, request.query_params.get("with", "")[:40])


@post(f"{CASE}/merge", guards=_JUDGE, request_max_body_size=BODY_LIMIT)
async def do_merge(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(MergeForm)
    await merge_complaints(uow, survivor_id=complaint_id, loser_id=form.loser_id, reason=form.reason)
    return go_to(request, _here(request, complaint_id), toast=Toast(text=gettext("Both go on as this complaint")))


@post(f"{CASE}/unmerge", guards=_JUDGE, request_max_body_size=BODY_LIMIT)
async def do_unmerge(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(ReasonForm)
    await undo_merge(uow, loser_id=complaint_id, reason=form.reason)
    toast = Toast(text=gettext("The complaint goes on by itself again; its clocks start now"))
    return go_to(request, _here(request, complaint_id), toast=toast)


async def _show_split(
    request: WebRequest,
    reader: Reader,
    complaint_id: UUID,
    values: SplitForm,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    return await show(
        request,
        "pages/complaints/split.html",
        status=status,
        case=await get_complaint(reader, complaint_id=complaint_id),
        values=values,
        errors=errors or {},
        root=tenant_path(request, "/complaints"),
        here=_here(request, complaint_id),
        number=number_text,
    )


@get(f"{CASE}/split", guards=_JUDGE)
async def show_split(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID], text: FromQuery[str] = ""
) -> Response[Any]:
    return await _show_split(request, reader, complaint_id, SplitForm(text=text, key=request.request_id))


@post(f"{CASE}/split", guards=_JUDGE, request_max_body_size=BODY_LIMIT)
async def do_split(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(SplitForm)
    key = f"split:{complaint_id}:{form.key[:50]}" if form.key else ""
    try:
        filed = await split_complaint(uow, complaint_id=complaint_id, text=form.text, desired=form.desired, key=key)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show_split(request, uow, complaint_id, form, status=422, errors=texts)) from error
    toast = Toast(text=gettext("%(number)s is filed, its clocks run") % {"number": number_text(filed.number)})
    return go_to(request, _here(request, filed.complaint_id), toast=toast)


@post(f"{CASE}/kind", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def do_classify(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(KindForm)
    known = {"category": category_options(uow), "cause": cause_options(uow)}
    for path, value in (("category", form.category), ("cause", form.cause)):
        if value and value not in {option[0] for option in known[path]}:
            raise InvalidInput((FieldProblem(path, "option"),))
    await classify(uow, complaint_id=complaint_id, category=form.category or None, cause=form.cause or None)
    return go_to(request, _here(request, complaint_id), toast=Toast(text=gettext("Kept")))


@post(f"{CASE}/level/confirm", guards=_JUDGE, request_max_body_size=BODY_LIMIT)
async def do_confirm(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Confirmation)
    await confirm_level(uow, complaint_id=complaint_id, seen=form.severity or None)
    return go_to(request, _here(request, complaint_id), toast=Toast(text=gettext("The level is confirmed")))


routes = [show_merge, do_merge, do_unmerge, show_split, do_split, do_classify, do_confirm]
