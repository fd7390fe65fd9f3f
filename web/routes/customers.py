"""Customers: the list with its search, one customer's whole page, adding, changing, notes, and the export."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.customers.actions import (
    CustomerChanged,
    DuplicateCustomer,
    add_customer,
    add_note,
    change_customer,
    reveal_phones,
)
from core.customers.queries import (
    CustomerMerged,
    CustomerRecord,
    CustomerRow,
    find_customers,
    get_customer,
    get_subject_types,
    list_customers,
    list_customers_by_id,
)
from core.customers.rules.names import clean_name, clean_text
from core.customers.rules.phones import MAX_PHONES, national_digits, read_phones
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.conditions import All, Cmp
from core.loyalty.queries import Membership, get_memberships, list_members
from core.programs.queries import get_ladder
from core.segments.queries import SegmentRecord, list_explanations, list_matching, list_segments
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from web.cursors import pack_cursor, read_cursor
from web.customer_filters import Filters, read_filters
from web.customer_page import show_page
from web.customer_tabs import customer_tabs
from web.htmx import wants_partial
from web.i18n import N_, gettext, localized
from web.invited import note_inviter
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.search import Hit, Source, add_search
from web.security import requires
from web.views.customers import GENDERS, customer_lines, field_of, options_of

PATH: Final = "/t/{slug:str}/customers"
ONE: Final = PATH + "/{customer_id:uuid}"
READ, WRITE = [requires("customers.read")], [requires("customers.write")]
PAGE: Final = 25
BODY_LIMIT: Final = 64 * 1024
MAX_SEARCH: Final = 80


class CustomerForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer as typed; `version` is empty for a new one, and only a new one may bring its first pet."""

    full_name: str = ""
    phone: str = ""
    gender: str = ""
    member_no: str = ""
    branch_id: str = ""
    note: str = ""
    version: str = ""
    pet_name: str = ""
    species: str = ""
    breed: str = ""
    anyway: str = ""
    invited_by: str = ""


class NoteForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note for the timeline."""

    body: str = ""


async def _find_hits(reader: Reader, text: str, limit: int) -> list[Hit]:
    rows = await find_customers(reader, text, limit=limit)
    return [
        Hit(row.full_name, f"/customers/{row.customer_id}", " · ".join([f"K-{row.number}", *row.pets]), "customer")
        for row in rows
    ]


add_entry(
    Entry(id="customers", label=N_("Customers"), icon="users", path="/customers", permission="customers.read", rank=30)
)
add_search(Source(id="customers", label=N_("Customers"), permission="customers.read", find=_find_hits, rank=10))


Lines = tuple[list[CustomerRow], dict[UUID, Membership]]


async def _search(reader: Reader, text: str, filters: Filters, group: SegmentRecord | None, tier: str) -> Lines:
    rows = await find_customers(reader, text, limit=2 * PAGE)
    if filters.narrow:
        kept = set(await filters.list_ids(reader, among=[row.customer_id for row in rows], limit=2 * PAGE))
        rows = [row for row in rows if row.customer_id in kept]
    if group:
        said = await list_explanations(reader, group.tree, [row.customer_id for row in rows])
        inside = {one.customer_id for one in said if one.holds}
        rows = [row for row in rows if row.customer_id in inside]
    cards = await get_memberships(reader, [row.customer_id for row in rows])
    return [row for row in rows if not tier or ((held := cards[row.customer_id].tier) and held.code == tier)], cards


async def _in_segment(
    reader: Reader, group: SegmentRecord, filters: Filters, tier: str, after: UUID | None
) -> tuple[list[CustomerRow], dict[UUID, Membership], str]:
    """One page of a segment, and where it ends when there may be more."""
    of_tier = (Cmp(field="tier", op="eq", value=tier),) if tier else ()
    ids = await list_matching(reader, All(of=(group.tree, *of_tier)), after=after, limit=PAGE)
    ends = pack_cursor("", ids[-1]) if len(ids) == PAGE else ""
    kept = await filters.list_ids(reader, among=ids, limit=PAGE) if filters.narrow and ids else ids
    return await list_customers_by_id(reader, kept), await get_memberships(reader, kept), ends


async def _narrowed(
    reader: Reader, filters: Filters, tier: str, after: UUID | None
) -> tuple[list[CustomerRow], dict[UUID, Membership], str]:
    """One page of those who fit the tag or field, and where it ends when there may be more."""
    ids = await filters.list_ids(reader, after=after, limit=PAGE)
    rows, cards = await list_customers_by_id(reader, ids), await get_memberships(reader, ids)
    ends = pack_cursor(rows[-1].name_pinyin, rows[-1].customer_id) if len(rows) == PAGE else ""
    return (
        [row for row in rows if not tier or ((held := cards[row.customer_id].tier) and held.code == tier)],
        cards,
        ends,
    )


async def _listed(
    reader: Reader, tier: str, sort: str, cursor: tuple[str, UUID] | None
) -> tuple[list[CustomerRow], str]:
    """One page of everybody or of a tier, and where it ends when there may be more."""
    if tier:
        ids = await list_members(reader, tier=tier, after=cursor[1] if cursor else None, limit=PAGE)
        rows = await list_customers_by_id(reader, ids)
    else:
        rows = await list_customers(reader, sort="name" if sort == "name" else "newest", after=cursor, limit=PAGE)
    return rows, pack_cursor(rows[-1].name_pinyin, rows[-1].customer_id) if len(rows) == PAGE else ""


@get(PATH, guards=READ)
async def show_customers(
    request: WebRequest,
    reader: NamedDependency[Reader],
    q: FromQuery[str] = "",
    tier: FromQuery[str] = "",
    sort: FromQuery[str] = "newest",
    tag: FromQuery[str] = "",
    own: FromQuery[str] = "",
    value: FromQuery[str] = "",
    segment: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    text, root = clean_name(q)[:MAX_SEARCH], tenant_path(request, "/customers")
    ladder, cursor = await get_ladder(reader), read_cursor(after)
    chosen = tier if ladder and any(one.code == tier for one in ladder.tiers) else ""
    filters = await read_filters(reader, tag=tag, own=own, value=value)
    group = (segments := {one.id: one for one in await list_segments(reader) if one.usable}).get(segment)
    if text:
        rows, cards, more = *await _search(reader, text, filters, group, chosen), None
    elif group:
        rows, cards, ends = await _in_segment(reader, group, filters, chosen, cursor[1] if cursor else None)
        more = (
            f"{root}?{urlencode({'segment': group.id, 'tier': chosen, 'after': ends})}&{filters.query}"
            if ends
            else None
        )
    elif filters.narrow:
        rows, cards, ends = await _narrowed(reader, filters, chosen, cursor[1] if cursor else None)
        more = f"{root}?{filters.query}&tier={chosen}&after={ends}" if ends else None
    else:
        rows, ends = await _listed(reader, chosen, sort, cursor)
        cards = await get_memberships(reader, [row.customer_id for row in rows])
        more = f"{root}?tier={chosen}&sort={'name' if sort == 'name' else 'newest'}&after={ends}" if ends else None
    return await show(
        request,
        "pages/customers/list.html",
        partial="pages/customers/_rows_more.html" if cursor else "pages/customers/_list.html",
        lines=customer_lines(rows, cards, ladder),
        q=text,
        filters=filters,
        tier=chosen,
        sort="name" if sort == "name" else "newest",
        tiers=[(one.code, localized(one.label)) for one in ladder.tiers] if ladder else [],
        segment=group.id if group else "",
        segments=[(one.id, localized(one.label)) for one in segments.values()],
        tabs=await customer_tabs(request, reader, "customers"),
        more=more,
        root=root,
        imports=tenant_path(request, "/imports"),
        may_write=reader.actor.may("customers.write"),
        may_import=reader.actor.may("customers.import"),
        may_design=reader.actor.may("customers.design"),
        may_privacy=reader.actor.may("privacy.manage"),
        may_export=reader.actor.may("customers.export"),
        exports=f"{root}/exports?{urlencode({'q': text, 'tier': chosen, 'segment': group.id if group else ''})}",
    )


@get(ONE, guards=READ)
async def show_customer(
    request: WebRequest,
    reader: NamedDependency[Reader],
    customer_id: FromPath[UUID],
    kind: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Response[Any]:
    try:
        return await show_page(request, reader, customer_id, kind=kind, before=before)
    except CustomerMerged as gone:
        return go_to(request, tenant_path(request, f"/customers/{gone.params['customer_id']}"))


@post(ONE + "/reveal", guards=READ, request_max_body_size=BODY_LIMIT)
async def do_reveal(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    """A POST, for it writes down who asked."""
    phones = await reveal_phones(uow, customer_id=customer_id)
    if wants_partial(request.headers):
        return await show(request, "pages/customers/_phones.html", revealed=[national_digits(one) for one in phones])
    return await show_page(request, uow, customer_id, revealed=True)


@post(ONE + "/notes", guards=READ, request_max_body_size=BODY_LIMIT)
async def do_add_note(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(NoteForm)
    try:
        await add_note(uow, customer_id=customer_id, body=form.body)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(
            await show_page(request, uow, customer_id, status=422, errors=texts, values={"body": form.body})
        ) from None
    path = tenant_path(request, f"/customers/{customer_id}")
    return go_to(request, path, toast=Toast(text=gettext("The note was kept")))


async def _show_form(
    request: WebRequest,
    reader: Reader,
    *,
    record: CustomerRecord | None = None,
    status: int = 200,
    values: CustomerForm | None = None,
    errors: object = None,
    twin: DuplicateCustomer | None = None,
) -> Response[Any]:
    kinds = get_subject_types(reader)
    root = tenant_path(request, "/customers")
    return await show(
        request,
        "pages/customers/edit.html",
        status=status,
        customer=record,
        values=values or (_filled(record) if record else CustomerForm(branch_id=str(reader.actor.branch_id or ""))),
        errors=errors or {},
        twin=twin.params if twin else None,
        genders=[(value, gettext(words)) for value, words in GENDERS.items()],
        branches=[(str(branch.branch_id), branch.name) for branch in await list_branches(reader)],
        pet_label=localized(kinds[0].label) if kinds and record is None else "",
        species=options_of(field_of(kinds[0], "species")) if kinds else [],
        root=root,
        action=f"{root}/{record.customer_id}" if record else root,
    )


def _filled(record: CustomerRecord) -> CustomerForm:
    """The form of a known customer; phones stay masked, an empty input keeps them."""
    return CustomerForm(
        full_name=record.full_name,
        gender=record.gender or "",
        member_no=record.member_no or "",
        branch_id=str(record.branch_id or ""),
        note=record.note,
        version=str(record.version),
    )


async def _draft(reader: Reader, form: CustomerForm, known: CustomerRecord | None = None) -> CustomerDraft:
    reading = read_phones(form.phone)
    problems = []
    if reading.refused:
        problems.append(FieldProblem("phone", "bad-phone"))
    if len(reading.phones) > MAX_PHONES:
        problems.append(FieldProblem("phone", "too-many", {"max": MAX_PHONES}))
    if form.gender not in {"", *GENDERS}:
        problems.append(FieldProblem("gender", "bad-choice"))
    if form.branch_id and form.branch_id not in {str(b.branch_id) for b in await list_branches(reader)}:
        problems.append(FieldProblem("branch_id", "unknown-branch"))
    if problems:
        raise InvalidInput(tuple(problems))
    kinds = get_subject_types(reader)
    subjects: tuple[SubjectDraft, ...] = ()
    if known is None and form.pet_name.strip() and kinds:
        name, breed = clean_name(form.pet_name), clean_name(form.breed) or None
        subjects = (SubjectDraft(name=name, kind=kinds[0].id, species=form.species or None, breed=breed),)
    phones = tuple(phone.e164 for phone in reading.phones)
    return CustomerDraft(
        full_name=clean_name(form.full_name),
        phones=phones or (tuple(phone.e164 for phone in known.phones) if known else ()),
        gender=form.gender or None,  # type: ignore[arg-type] # looked at above
        member_no=clean_name(form.member_no) or None,
        note=clean_text(form.note),
        subjects=subjects,
    )


@get(PATH + "/new", guards=WRITE)
async def show_new_customer(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_form(request, reader)


@post(PATH, guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_add_customer(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(CustomerForm)
    branch_id = UUID(form.branch_id) if _is_uuid(form.branch_id) else None
    try:
        draft = await _draft(uow, form)
        customer_id = await add_customer(uow, draft=draft, branch_id=branch_id, allow_duplicate=form.anyway == "true")
        await note_inviter(uow, customer_id, form.invited_by)
    except InvalidInput as error:
        errors = _errors(error)
        raise Refused(await _show_form(request, uow, status=422, values=form, errors=errors)) from None
    except DuplicateCustomer as twin:
        raise Refused(await _show_form(request, uow, status=409, values=form, twin=twin)) from None
    path = tenant_path(request, f"/customers/{customer_id}")
    return go_to(request, path, toast=Toast(text=gettext("The customer was added")))


def _errors(error: InvalidInput) -> dict[str, str]:
    texts = field_texts(error.problems)
    names = {"phones": "phone", "subjects[0].name": "pet_name", "subjects[0].breed": "breed"}
    return {names.get(path, path): text for path, text in texts.items()}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@get(ONE + "/edit", guards=WRITE)
async def show_edit_customer(
    request: WebRequest, reader: NamedDependency[Reader], customer_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_form(request, reader, record=await get_customer(reader, customer_id))


@post(ONE, guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_change_customer(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    record = await get_customer(uow, customer_id)
    form = await request.read(CustomerForm)
    try:
        draft = await _draft(uow, form, record)
        version = int(form.version) if form.version.isdecimal() and len(form.version) < 10 else 0
        branch_id = UUID(form.branch_id) if _is_uuid(form.branch_id) else None
        await change_customer(uow, customer_id=customer_id, draft=draft, version=version, branch_id=branch_id)
    except InvalidInput as error:
        errors = _errors(error)
        raise Refused(await _show_form(request, uow, record=record, status=422, values=form, errors=errors)) from None
    except CustomerChanged:
        newer = msgspec.structs.replace(form, version=str(record.version))
        texts = {"": gettext("Somebody changed this customer meanwhile. Look at the record, then save again.")}
        raise Refused(await _show_form(request, uow, record=record, status=409, values=newer, errors=texts)) from None
    return go_to(request, tenant_path(request, f"/customers/{customer_id}"), toast=Toast(text=gettext("Saved")))


routes = [
    show_customers,
    show_new_customer,
    do_add_customer,
    show_customer,
    do_reveal,
    do_add_note,
    show_edit_customer,
    do_change_customer,
]
