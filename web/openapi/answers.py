"""What the API answers with, as records: the document shows them, and a test holds real answers against them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from core.contacts.queries import ConsentRecord, ContactRecord
from core.customers.queries import CustomerRow, TimelineEvent
from core.forms.feed import FeedItem
from core.remedies.queries import RemedyFacts
from core.tenancy.queries import BranchFacts
from core.visits.queries.visits import VisitRow
from core.visits.rules.prices import Item


class FormLine(msgspec.Struct, frozen=True):
    id: str
    version: str
    title: str
    purpose: str


class FormList(msgspec.Struct, frozen=True):
    forms: list[FormLine]


class FormDefinition(msgspec.Struct, frozen=True):
    """A form with the chain's own changes."""

    id: str
    version: str
    definition: dict[str, Any]


class Flag(msgspec.Struct, frozen=True):
    id: str
    tone: str
    title: str
    reason: str


class SubmissionNotice(msgspec.Struct, frozen=True):
    path: str
    code: str
    text: str


class SubmissionKept(msgspec.Struct, frozen=True):
    """What became of one form, filled in."""

    id: UUID
    form_id: str
    customer_id: UUID | None
    subject_id: UUID | None
    answered: int
    total: int
    flags: list[Flag]
    notices: list[SubmissionNotice]


class CustomerFound(msgspec.Struct, frozen=True):
    id: UUID
    is_new: bool


class MailTaken(msgspec.Struct, frozen=True):
    """`ignored` (with `why`) is what no person wrote."""

    became: str
    id: UUID | None = None
    number: str | None = None
    why: str = ""


class ComplaintReason(msgspec.Struct, frozen=True):
    code: str
    text: str


class ComplaintClock(msgspec.Struct, frozen=True):
    milestone: str
    cycle: int
    status: str
    started_at: datetime | None
    due_at: datetime | None
    completed_at: datetime | None
    breached_at: datetime | None


class ComplaintTold(msgspec.Struct, frozen=True):
    """One complaint with its promises; `goes_on_as` is the complaint it was joined to."""

    id: UUID
    number: str
    status_url: str
    title: str
    text: str
    desired: str
    category: str | None
    cause: str | None
    channel: str
    source: dict[str, Any]
    level: str
    level_confirmed: bool
    reasons: list[ComplaintReason]
    state: str
    branch_id: UUID | None
    customer_id: UUID | None
    received_at: datetime
    resolved_at: datetime | None
    clocks: list[ComplaintClock]
    goes_on_as: UUID | None = None


class ComplaintLine(msgspec.Struct, frozen=True):
    id: UUID
    number: str
    title: str
    severity: str
    state: str
    channel: str
    category: str | None
    branch_id: UUID | None
    customer_id: UUID | None
    received_at: datetime
    next_milestone: str | None
    next_due_at: datetime | None


class ComplaintPage(msgspec.Struct, frozen=True):
    complaints: list[ComplaintLine]
    next: UUID | None
    more: bool


class Expiry(msgspec.Struct, frozen=True):
    points: int
    on: date


class NextTier(msgspec.Struct, frozen=True):
    tier: str
    missing: int
    unit: str


class OpenLot(msgspec.Struct, frozen=True):
    id: UUID
    earned: int
    remaining: int
    activates_at: datetime | None
    expires_at: datetime | None


class Account(msgspec.Struct, frozen=True):
    """Balance, tier and open lots as of now."""

    customer_id: UUID
    balance: int
    pending: int
    deficit: int
    household_balance: int
    next_expiry: Expiry | None
    spent_fen: int
    tier: str | None
    tier_since: datetime | None
    tier_until: date | None
    pay_percent: int
    next_tier: NextTier | None
    lots: list[OpenLot]


class Entry(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    points: int
    fen: int
    key: str
    ref_id: UUID | None
    rule: str
    rule_version: str
    reason: str
    activates_at: datetime | None
    expires_at: datetime | None
    occurred_at: datetime
    actor: str


class EntryPage(msgspec.Struct, frozen=True):
    entries: list[Entry]
    next: UUID | None
    more: bool


class PurchaseKept(msgspec.Struct, frozen=True):
    purchase_id: UUID
    paid_fen: int
    points: int
    tier_change: dict[str, Any] | None
    account: Account


class RefundKept(msgspec.Struct, frozen=True):
    purchase_id: UUID
    refunded_fen: int
    points: int
    tier_change: dict[str, Any] | None
    account: Account


class PointsMoved(msgspec.Struct, frozen=True):
    entry_id: UUID | None
    points: int
    fen: int | None
    account: Account


class TierSet(msgspec.Struct, frozen=True):
    tier_change: dict[str, Any] | None
    account: Account


class Quote(msgspec.Struct, frozen=True):
    """What points would pay; a refusal is part of the answer."""

    points: int
    fen: int
    refusal: str | None
    params: dict[str, Any]


class CouponTold(msgspec.Struct, frozen=True):
    id: UUID
    code: str
    customer_id: UUID
    template: str
    terms: dict[str, Any]
    state: str
    uses: int
    used: int
    valid_from: datetime
    valid_until: datetime | None
    source: str
    rule_version: str
    issued_at: datetime


class CouponList(msgspec.Struct, frozen=True):
    coupons: list[CouponTold]


class CouponChecked(msgspec.Struct, frozen=True):
    coupon: CouponTold
    off_fen: int | None
    refusal: str | None


class CouponRedeemed(msgspec.Struct, frozen=True):
    redemption_id: UUID
    off_fen: int
    coupon: CouponTold


class ProgramTold(msgspec.Struct, frozen=True):
    version: str
    number: int | None
    program: dict[str, Any]


class CustomerPage(msgspec.Struct, frozen=True):
    customers: list[CustomerRow]
    next: UUID | None
    more: bool


class ContactsTold(msgspec.Struct, frozen=True):
    contacts: list[ContactRecord]
    consents: list[ConsentRecord]


class TimelinePage(msgspec.Struct, frozen=True):
    events: list[TimelineEvent]
    next: str | None
    more: bool


class VisitPage(msgspec.Struct, frozen=True):
    visits: list[VisitRow]
    next: str | None
    more: bool


class BranchList(msgspec.Struct, frozen=True):
    branches: list[BranchFacts]


class PriceList(msgspec.Struct, frozen=True):
    """The edition in force."""

    number: int | None
    effective_from: datetime | None
    items: list[Item]


class SegmentLine(msgspec.Struct, frozen=True):
    id: str
    label: str
    shipped: bool
    usable: bool


class SegmentList(msgspec.Struct, frozen=True):
    segments: list[SegmentLine]


class MemberPage(msgspec.Struct, frozen=True):
    members: list[UUID]
    next: UUID | None
    more: bool


class RemedyList(msgspec.Struct, frozen=True):
    remedies: list[RemedyFacts]


class SubmissionPage(msgspec.Struct, frozen=True):
    submissions: list[FeedItem]
    next: UUID | None
    more: bool
