"""Reads forms: those on offer, links and what they open, drafts, and submissions rendered from their own version."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.customers.models import Customer, Subject
from core.customers.queries import CustomerRecord, SubjectRecord, get_customer
from core.customers.rules.profile import CUSTOMER_FIELDS, SUBJECT_FIELDS
from core.days import local_date
from core.db import table_of
from core.errors import Gone, NotFound
from core.forms.in_force import get_stands
from core.forms.models import FormDefinition, FormDraft, FormLink, Submission
from core.forms.rules import (
    Carried,
    FormView,
    Leftover,
    carry_over,
    completeness,
    evaluate,
    form_view,
    hash_of_key,
    prefill,
    version_of,
)
from core.hooks.records.forms import Flag, Form, FormProblem
from core.hooks.records.text import localized
from core.uow import Reader

_D, _L, _R, _S = table_of(FormDefinition), table_of(FormLink), table_of(FormDraft), table_of(Submission)
_C, _P = table_of(Customer), table_of(Subject)


class FormLinkExpired(Gone):
    """The link was good until a day that has passed; ask the branch for a new one."""

    code = "form-link-expired"


class FormLinkRevoked(Gone):
    """The branch took the link back; ask it for a new one."""

    code = "form-link-revoked"


class FormLinkUsed(Gone):
    """The form behind this link has been sent already."""

    code = "form-link-used"


class FormNotOffered(Gone):
    """The plugin that brings this form is off for the tenant."""

    code = "form-not-offered"


class LinkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One link as staff see it; the code can be shown again, for a poster is printed more than once."""

    link_id: UUID
    code: str
    form_id: str
    purpose: str
    branch_id: UUID | None
    customer_id: UUID | None
    subject_id: UUID | None
    expires_at: datetime | None
    max_uses: int | None
    uses: int
    revoked_at: datetime | None
    created_by_name: str
    created_at: datetime


class OpenedForm(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind a link that may be used now."""

    link: LinkFacts
    form: Form
    version: str
    answers: dict[str, Any]
    """What is known already, for a link that is made for one customer."""
    today: str
    """The tenant's local date."""

    @property
    def known(self) -> frozenset[str]:
        """Paths that the profile filled: not asked again."""
        return frozenset(_paths(self.answers))


class DraftFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A draft, carried over to the form's present version; `leftovers` no longer fit and are shown."""

    carried: Carried
    revision: int
    saved_at: datetime
    same_version: bool
    expires_at: datetime
    writer: str
    """The page that saved last."""
    set_aside_at: datetime | None
    """When the other version was saved, where two devices disagreed."""


class SubmissionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list."""

    submission_id: UUID
    form_id: str
    purpose: str
    customer_id: UUID | None
    customer_name: str | None
    subject_id: UUID | None
    subject_name: str | None
    branch_id: UUID | None
    channel: str
    status: str
    answered: int
    total: int
    flags: tuple[Flag, ...]
    completed_at: datetime


class SubmissionRecord(SubmissionRow, frozen=True, kw_only=True):
    """One submission with its answers, rendered from the definition that was filled in."""

    version: str
    view: FormView
    data: dict[str, Any]
    missing: tuple[str, ...]
    """What the reader expects to know and does not, in the reader's language."""
    notices: tuple[FormProblem, ...]
    actor_name: str


_LINK = tuple(_L.c[name] for name in LinkFacts.__struct_fields__)


async def list_forms(reader: Reader) -> list[Form]:
    """Return the forms that the tenant's plugins offer, each as it is in force: with the tenant's own changes."""
    return [stand.form for stand in (await get_stands(reader)).values()]


async def find_form(reader: Reader, form_id: str) -> Form | None:
    """Return the form in force, or None when its plugin is off."""
    stand = (await get_stands(reader)).get(form_id)
    return None if stand is None else stand.form


async def get_form(reader: Reader, form_id: str) -> Form:
    """Return the form in force; raise FormNotOffered when its plugin is off."""
    form = await find_form(reader, form_id)
    if form is None:
        raise FormNotOffered(form=form_id)
    return form


async def get_definition(reader: Reader, *, form_id: str, version: str) -> Form:
    """Return a definition as it was used, for ever."""
    live = await find_form(reader, form_id)
    if live is not None and version_of(live) == version:
        return live
    found = await reader.session.scalar(
        select(_D.c.definition).where(
            _D.c.tenant_id == reader.tenant_id, _D.c.form_id == form_id, _D.c.version == version
        )
    )
    if found is None:
        raise NotFound("no such definition")
    return msgspec.convert(found, Form)


async def get_link(reader: Reader, code: str) -> LinkFacts:
    """Return the link of this code, whatever its state; raise NotFound when there is none."""
    row = (
        await reader.session.execute(select(*_LINK).where(_L.c.tenant_id == reader.tenant_id, _L.c.code == code))
    ).first()
    if row is None:
        raise NotFound("no such link")
    return LinkFacts(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def get_usable_link(reader: Reader, code: str, *, once_key: str = "") -> LinkFacts:
    """Return the link; raise what the visitor must be told when it may not be used (any more).

    With the `once_key` of a page that was sent through this link already, a used-up link opens again for it: the
    second click of a double click belongs to the first.
    """
    link = await get_link(reader, code)
    if link.revoked_at is not None:
        raise FormLinkRevoked(branch_id=link.branch_id)
    if link.expires_at is not None and link.expires_at <= reader.now:
        raise FormLinkExpired(branch_id=link.branch_id, expires_at=link.expires_at)
    if link.max_uses is not None and link.uses >= link.max_uses and not await _was_sent(reader, link, once_key):
        raise FormLinkUsed(branch_id=link.branch_id)
    return link


async def _was_sent(reader: Reader, link: LinkFacts, once_key: str) -> bool:
    mine = (_S.c.tenant_id == reader.tenant_id, _S.c.link_id == link.link_id, _S.c.once_key == once_key)
    return bool(once_key) and await reader.session.scalar(select(_S.c.submission_id).where(*mine)) is not None


async def get_opened_form(reader: Reader, code: str, *, once_key: str = "") -> OpenedForm:
    """Return the form behind a link with what is already known; pass the page's `once_key` when it is sent.

    Raises:
        NotFound: no such code.
        FormLinkExpired, FormLinkRevoked, FormLinkUsed, FormNotOffered: 410, each with its next step.
    """
    link = await get_usable_link(reader, code, once_key=once_key)
    form = await get_form(reader, link.form_id)
    answers: dict[str, Any] = {}
    if link.customer_id is not None:
        answers = await get_known_answers(reader, form, customer_id=link.customer_id, subject_id=link.subject_id)
    return OpenedForm(link=link, form=form, version=version_of(form), answers=answers, today=reader.today.isoformat())


async def get_known_answers(
    reader: Reader, form: Form, *, customer_id: UUID, subject_id: UUID | None = None
) -> dict[str, Any]:
    """Return the answers that the customer's record gives, by the profile map of the form.

    Who has one living pet most likely comes with it; under another name the submission still makes another pet.
    """
    customer = await get_customer(reader, customer_id)
    living = [subject.subject_id for subject in customer.subjects if subject.deceased_on is None]
    if subject_id is None and len(living) == 1:
        subject_id = living[0]
    known = _profile("customer", customer, CUSTOMER_FIELDS) | {"customer.phone": customer.phone_e164}
    for subject in customer.subjects:
        if subject.subject_id == subject_id:
            known |= _profile("subject", subject, SUBJECT_FIELDS)
    return prefill(form, known)


def _profile(kind: str, record: CustomerRecord | SubjectRecord, fields: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(record, name, None) for name in fields} | record.custom
    return {f"{kind}.{name}": value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _paths(answers: dict[str, Any], prefix: str = "") -> list[str]:
    found: list[str] = []
    for key, value in answers.items():
        found += _paths(value, f"{prefix}{key}.") if isinstance(value, dict) else [prefix + key]
    return found


async def list_links(
    reader: Reader, *, form_id: str | None = None, link_id: UUID | None = None, limit: int = 100
) -> list[LinkFacts]:
    """Return the newest links of forms that are offered, those of customers included."""
    query = select(*_LINK).where(_L.c.tenant_id == reader.tenant_id, _L.c.form_id.in_(await _offered(reader)))
    if form_id is not None:
        query = query.where(_L.c.form_id == form_id)
    if link_id is not None:
        query = query.where(_L.c.link_id == link_id)
    rows = await reader.session.execute(query.order_by(_L.c.link_id.desc()).limit(limit))
    return [LinkFacts(**row._mapping) for row in rows]  # noqa: SLF001 - a public name of SQLAlchemy


async def find_draft(reader: Reader, opened: OpenedForm, *, key: str | None) -> DraftFacts | None:
    """Return the draft behind a link; a link for one person needs no key, a poster's draft is its writer's alone."""
    row = await find_draft_row(reader, opened.link, key=key)
    if row is None:
        return None
    same = row.version == opened.version
    if same:
        carried = Carried(row.answers, ())
    else:
        old = await get_definition(reader, form_id=row.form_id, version=row.version)
        carried = carry_over(old, opened.form, row.answers, opened.today)
    kept = tuple(msgspec.convert(one, Leftover) for one in row.leftovers)
    more = tuple(one for one in carried.leftovers if one not in kept)
    return DraftFacts(
        carried=Carried(carried.answers, (*kept, *more)),
        revision=row.revision,
        saved_at=row.saved_at,
        same_version=same,
        expires_at=row.expires_at,
        writer=row.writer,
        set_aside_at=None if row.set_aside is None else datetime.fromisoformat(row.set_aside["saved_at"]),
    )


async def find_draft_row(reader: Reader, link: LinkFacts, *, key: str | None) -> Any:
    """Return the row of a draft that has not expired, or None."""
    if key is None and link.max_uses != 1:
        return None
    query = select(_R).where(
        _R.c.tenant_id == reader.tenant_id, _R.c.link_id == link.link_id, _R.c.expires_at > reader.now
    )
    if link.max_uses != 1:
        query = query.where(_R.c.key_hash == hash_of_key(key or ""))
    return (await reader.session.execute(query.order_by(_R.c.draft_id).limit(1))).first()


_ROW_COLUMNS = (
    *(_S.c[name] for name in SubmissionRow.__struct_fields__ if name not in {"customer_name", "subject_name"}),
    _C.c.full_name.label("customer_name"),
    _P.c.name.label("subject_name"),
)
_JOINED = _S.outerjoin(_C, (_C.c.tenant_id == _S.c.tenant_id) & (_C.c.customer_id == _S.c.customer_id)).outerjoin(
    _P, (_P.c.tenant_id == _S.c.tenant_id) & (_P.c.subject_id == _S.c.subject_id)
)


async def _offered(reader: Reader) -> list[str]:
    return [form.id for form in await list_forms(reader)]


async def list_submissions(
    reader: Reader,
    *,
    customer_id: UUID | None = None,
    subject_id: UUID | None = None,
    branch_id: UUID | None = None,
    form_id: str | None = None,
    purpose: str | None = None,
    before: UUID | None = None,
    limit: int = 25,
) -> list[SubmissionRow]:
    """Return the newest submissions; `before` is the last id of the page above.

    What was filled into the form of a plugin that is off now is kept and not shown.
    """
    query = select(*_ROW_COLUMNS).select_from(_JOINED).where(_S.c.tenant_id == reader.tenant_id)
    query = query.where(_S.c.form_id.in_(await _offered(reader)))
    asked = {"customer_id": customer_id, "subject_id": subject_id, "branch_id": branch_id}
    for name, value in (asked | {"form_id": form_id, "purpose": purpose}).items():
        if value is not None:
            query = query.where(_S.c[name] == value)
    if before is not None:
        query = query.where(_S.c.submission_id < before)
    rows = await reader.session.execute(query.order_by(_S.c.submission_id.desc()).limit(limit))
    return [msgspec.convert(dict(row._mapping), SubmissionRow) for row in rows]  # noqa: SLF001 - as above


async def get_submission(reader: Reader, submission_id: UUID, *, locale: str | None = None) -> SubmissionRecord:
    """Return one submission as its own version shows it, also after its plugin was switched off; raise NotFound when there is none."""
    more = (_S.c.version, _S.c.data, _S.c.notices, _S.c.actor_name)
    query = select(*_ROW_COLUMNS, *more).select_from(_JOINED)
    row = (
        await reader.session.execute(
            query.where(_S.c.tenant_id == reader.tenant_id, _S.c.submission_id == submission_id)
        )
    ).first()
    if row is None:
        raise NotFound("no such submission")
    form = await get_definition(reader, form_id=row.form_id, version=row.version)
    filled_on = local_date(row.completed_at, reader.scope.timezone).isoformat()
    words = locale or reader.scope.locale
    missing = completeness(form, evaluate(form, row.data, filled_on)).missing
    return msgspec.convert(
        {
            **row._mapping,  # noqa: SLF001 - as above
            "view": form_view(form, row.data, (), words, filled_on),
            "missing": tuple(localized(item.label, words) for item in missing),
        },
        SubmissionRecord,
    )
