"""Reads consents: who agreed to what, whether it still counts, and the chain it stands in.

Seals stay under the customer and subject who signed; customers and subjects that became one by a merge are read as one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, exists, func, select

from core.chains import Break, Link, moment
from core.consents.models import ConsentSeal
from core.consents.rules import Verifier, WithdrawnBody, read_body
from core.customers.models import Subject
from core.customers.queries import list_cluster, list_subject_cluster
from core.db import one_of, table_of
from core.errors import NotFound
from core.forms.models import Submission
from core.uow import Reader

_S = table_of(ConsentSeal)
_W = _S.alias("withdrawal")
_F = table_of(Submission)
_P = table_of(Subject)


class ConsentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A signed consent; `withdrawn_at` is None while it counts."""

    seal_id: UUID
    submission_id: UUID
    form_id: str
    version: str
    customer_id: UUID
    subject_id: UUID | None
    """As it was signed."""
    present_subject_id: UUID | None
    """The subject as which this one is known now."""
    chain_id: UUID
    seq: int
    signer: str
    role: str
    signed_at: datetime
    seal: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None

    @property
    def counts(self) -> bool:
        """Tell whether nobody has withdrawn it."""
        return self.withdrawn_at is None


_JOINED = _S.outerjoin(_W, (_W.c.tenant_id == _S.c.tenant_id) & (_W.c.withdraws == _S.c.seal_id)).outerjoin(
    _P, (_P.c.tenant_id == _S.c.tenant_id) & (_P.c.subject_id == _S.c.subject_id)
)
_FACTS = (
    *(_S.c[name] for name in ConsentFacts.__struct_fields__ if name in _S.c),
    func.coalesce(_P.c.merged_into, _S.c.subject_id).label("present_subject_id"),
    _W.c.signed_at.label("withdrawn_at"),
    _W.c.signer.label("withdrawn_by"),
    _W.c.reason.label("withdrawn_reason"),
)


def _signed(reader: Reader) -> Select[Any]:
    return (
        select(*_FACTS)
        .select_from(_JOINED)
        .where(_S.c.tenant_id == reader.tenant_id, _S.c.kind == "signed")
        .order_by(_S.c.seal_id.desc())
    )


def _facts(row: Any) -> ConsentFacts:
    return ConsentFacts(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def find_consent(
    reader: Reader,
    *,
    form_id: str,
    customer_id: UUID | None = None,
    subject_id: UUID | None = None,
    since: datetime | None = None,
) -> ConsentFacts | None:
    """Return the newest consent to this form when it counts; None when there is none, or it was withdrawn.

    Args:
        reader: of the tenant.
        form_id: as the host names it, `petclinic.surgery_consent`.
        customer_id: whose consent; at least one of the two ids.
        subject_id: about whom; a consent about another subject of the customer is none.
        since: not older than this.
    """
    if customer_id is None and subject_id is None:
        raise ValueError("a consent is somebody's: name the customer or the subject")
    whose = await _whose(reader, customer_id, subject_id)
    query = _signed(reader).where(_S.c.form_id == form_id, *whose)
    if since is not None:
        query = query.where(_S.c.signed_at >= since)
    row = (await reader.session.execute(query.limit(1))).first()
    # The newest decides: who withdraws it does not mean an older one instead.
    if row is None or row.withdrawn_at is not None:
        return None
    return None if await _is_closed_elsewhere(reader, row, whose) else _facts(row)


async def _is_closed_elsewhere(reader: Reader, row: Any, whose: Sequence[ColumnElement[bool]]) -> bool:
    """Somebody with two records who said no later, as either, has said no."""
    later = (_S.c.kind == "withdrawn", _S.c.chain_id != row.chain_id, _S.c.signed_at >= row.signed_at)
    found = exists().where(_S.c.tenant_id == reader.tenant_id, _S.c.form_id == row.form_id, *whose, *later)
    # Pets of one owner are two chains too, and stay apart.
    found = found.where(_S.c.subject_id.is_not(None) if row.subject_id else _S.c.subject_id.is_(None))
    if row.present_subject_id is not None:
        found = found.where(one_of(_S.c.subject_id, await list_subject_cluster(reader, row.present_subject_id)))
    return bool(await reader.session.scalar(select(found)))


async def _whose(reader: Reader, customer_id: UUID | None, subject_id: UUID | None) -> list[ColumnElement[bool]]:
    """Seals of the customer and subject, and of all who became one with them."""
    whose = []
    if customer_id is not None:
        whose.append(one_of(_S.c.customer_id, await list_cluster(reader, customer_id)))
    if subject_id is not None:
        whose.append(one_of(_S.c.subject_id, await list_subject_cluster(reader, subject_id)))
    return whose


async def list_chains(reader: Reader, chain_id: UUID) -> list[UUID]:
    """Return the chain and those of all who became one with its subject or customer, in one order for everybody."""
    subjects, customers = await list_subject_cluster(reader, chain_id), await list_cluster(reader, chain_id)
    return sorted({*subjects, *customers})


async def get_consent(reader: Reader, seal_id: UUID) -> ConsentFacts:
    """Return one signed consent, withdrawn or not; raise NotFound when there is none."""
    row = (await reader.session.execute(_signed(reader).where(_S.c.seal_id == seal_id))).first()
    if row is None:
        raise NotFound("no such consent")
    return _facts(row)


async def find_consent_of_submission(reader: Reader, submission_id: UUID) -> ConsentFacts | None:
    """Return the seal of a filled form, or None when it is no consent."""
    row = (await reader.session.execute(_signed(reader).where(_S.c.submission_id == submission_id))).first()
    return _facts(row) if row is not None else None


async def list_consents(
    reader: Reader, *, customer_id: UUID | None = None, subject_id: UUID | None = None, limit: int = 50
) -> list[ConsentFacts]:
    """Return signed consents with their state, the newest first."""
    query = _signed(reader).where(*await _whose(reader, customer_id, subject_id))
    return [_facts(row) for row in await reader.session.execute(query.limit(limit))]


class SealRow(msgspec.Struct, frozen=True, kw_only=True):
    """A link with the columns that repeat its body, and what its form holds today."""

    link: Link
    kind: str
    submission_id: UUID
    form_id: str
    version: str
    signer: str
    role: str
    signed_at: datetime
    prev: str
    answers: dict[str, Any]


async def list_seals(reader: Reader, *, chain_id: UUID | None = None) -> list[SealRow]:
    """Return the links of one chain and of those that became one with it, or of all; each chain in its order."""
    query = (
        select(_S, _F.c.data)
        .join(_F, (_F.c.tenant_id == _S.c.tenant_id) & (_F.c.submission_id == _S.c.submission_id))
        .where(_S.c.tenant_id == reader.tenant_id)
        .order_by(_S.c.chain_id, _S.c.seq)
    )
    if chain_id is not None:
        query = query.where(one_of(_S.c.chain_id, await list_chains(reader, chain_id)))
    return [
        SealRow(
            link=Link(chain=str(row.chain_id), seq=row.seq, seal=row.seal, body=row.body),
            kind=row.kind,
            submission_id=row.submission_id,
            form_id=row.form_id,
            version=row.version,
            signer=row.signer,
            role=row.role,
            signed_at=row.signed_at,
            prev=row.prev,
            answers=row.data,
        )
        for row in await reader.session.execute(query)
    ]


async def find_break(reader: Reader, *, chain_id: UUID | None = None) -> tuple[Break | None, int]:
    """Follow the chains in the database, and hold each seal against its columns and its filled form.

    Returns:
        The first link that does not hold (None: all do), and how many held.
    """
    verifier = Verifier()
    for row in await list_seals(reader, chain_id=chain_id):
        found = verifier.follow(row.link)
        if found is None and not _is_same(row):
            found = Break(row.link.chain, row.link.seq, "other_record")
        if found is not None:
            return found, verifier.count
    return None, verifier.count


def _is_same(row: SealRow) -> bool:
    body = read_body(row.link.body)
    told = (str(row.submission_id), row.form_id, row.prev, moment(row.signed_at))
    if told != (body.submission, body.form, body.previous, body.signed_at):
        return False
    if isinstance(body, WithdrawnBody):
        return (row.kind, row.signer) == ("withdrawn", body.by)
    filled = (row.kind, row.version, row.signer, row.role, row.answers)
    return filled == ("signed", body.version, body.signer, body.role, body.answers)
