"""Rows of visits: the published price list, visits with their procedures, estimates, bills, payments and credit notes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow

# 2025东营宠物诊所客户服务策略: 诊疗费、检查费、药品费、手术费
_CATEGORIES = "category IN ('consultation', 'examination', 'drug', 'surgery', 'goods')"


class PriceVersion(TenantRow, Base):
    """One edition of the price list; its items change only while it is a draft."""

    __tablename__ = "price_version"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name="state"),
        CheckConstraint("state <> 'published' OR effective_from IS NOT NULL", name="effective"),
        Index(None, "tenant_id", "state", "effective_from"),
    )

    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    state: Mapped[str]
    note: Mapped[str]
    copied_from: Mapped[int | None]  # the number of the edition that this one repeats or began as
    effective_from: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    published_by_name: Mapped[str]
    created_at: Mapped[datetime]
    created_by_name: Mapped[str]


class PriceItem(TenantRow, Base):
    """One service or drug with its price in one edition."""

    __tablename__ = "price_item"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "version_id"], ["price_version.tenant_id", "price_version.version_id"]),
        CheckConstraint(_CATEGORIES, name="category"),
        CheckConstraint("price_fen >= 0 AND member_price_fen BETWEEN 0 AND price_fen", name="fen"),
    )

    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    category: Mapped[str]
    unit: Mapped[str]
    price_fen: Mapped[int]
    member_price_fen: Mapped[int | None]
    branch_prices: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Branch id -> price in fen, where a branch differs from the chain."""
    consent_form: Mapped[str]
    """Empty: as the category asks; `none`; or the id of a form."""
    check_form: Mapped[str]
    active: Mapped[bool]


class PriceLink(TenantRow, Base):
    """The public address of the chain's price list; one per chain, so that a poster never has to be reprinted."""

    __tablename__ = "price_link"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
    )

    place: Mapped[str] = mapped_column(primary_key=True)
    """Whose list: `chain`."""
    code: Mapped[str]
    created_at: Mapped[datetime]


class Visit(TenantRow, Base):
    """One customer comes with one pet or for themselves; the row lock makes everything about a visit queue up."""

    __tablename__ = "visit"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "subject_id"], ["subject.tenant_id", "subject.subject_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        ForeignKeyConstraint(["tenant_id", "clinician_id"], ["staff.tenant_id", "staff.staff_id"]),
        CheckConstraint("state IN ('open', 'in_treatment', 'discharged', 'cancelled')", name="state"),
        Index(None, "tenant_id", "started_at", "visit_id"),
        Index(None, "tenant_id", "customer_id", "started_at"),
        Index(None, "tenant_id", "subject_id"),
    )

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    customer_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    branch_id: Mapped[UUID | None]
    clinician_id: Mapped[UUID | None]
    reason: Mapped[str]
    state: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_note: Mapped[str]
    key: Mapped[str | None]
    """Made with the form, so that a second click opens no second visit."""
    opened_by_name: Mapped[str]


class VisitProcedure(TenantRow, Base):
    """Something to be done at a visit, with the papers it needs and, once started, those it was started on."""

    __tablename__ = "visit_procedure"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "visit_id"], ["visit.tenant_id", "visit.visit_id"]),
        CheckConstraint("state IN ('planned', 'started', 'done', 'cancelled')", name="state"),
        Index(None, "tenant_id", "visit_id", "procedure_id"),
    )

    procedure_id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID]
    item_code: Mapped[str | None]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    needs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    papers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    state: Mapped[str]
    planned_at: Mapped[datetime]
    planned_by_name: Mapped[str]
    started_at: Mapped[datetime | None]
    started_by_name: Mapped[str]
    ended_at: Mapped[datetime | None]
    note: Mapped[str]


class Estimate(TenantRow, Base):
    """What a treatment was said to cost, before it began; append-only, a change is the next version."""

    __tablename__ = "estimate"
    __table_args__ = (
        UniqueConstraint("tenant_id", "visit_id", "version"),
        ForeignKeyConstraint(["tenant_id", "visit_id"], ["visit.tenant_id", "visit.visit_id"]),
        CheckConstraint("total_fen >= 0", name="fen"),
    )

    estimate_id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID]
    version: Mapped[int]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    pay_percent: Mapped[int]
    total_fen: Mapped[int]
    note: Mapped[str]
    given_at: Mapped[datetime]
    given_by: Mapped[UUID | None]
    given_by_name: Mapped[str]


class EstimateAnswer(TenantRow, Base):
    """The customer's one answer to one version; append-only, so what was accepted stays as it was."""

    __tablename__ = "estimate_answer"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "estimate_id"], ["estimate.tenant_id", "estimate.estimate_id"]),
        CheckConstraint("answer IN ('accepted', 'declined')", name="answer"),
        CheckConstraint("place IN ('phone', 'desk')", name="place"),
    )

    estimate_id: Mapped[UUID] = mapped_column(primary_key=True)
    answer: Mapped[str]
    place: Mapped[str]
    name: Mapped[str]
    signature: Mapped[str]
    """A PNG as data URL when it was drawn; empty when the name was typed."""
    words: Mapped[str]
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_name: Mapped[str]


class Bill(TenantRow, Base):
    """What a visit costs: open while lines are added, then final, then paid; void keeps its number."""

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        ForeignKeyConstraint(["tenant_id", "visit_id"], ["visit.tenant_id", "visit.visit_id"]),
        ForeignKeyConstraint(["tenant_id", "estimate_id"], ["estimate.tenant_id", "estimate.estimate_id"]),
        ForeignKeyConstraint(["tenant_id", "purchase_id"], ["purchase.tenant_id", "purchase.purchase_id"]),
        CheckConstraint("state IN ('open', 'final', 'paid', 'void')", name="state"),
        CheckConstraint("state NOT IN ('final', 'paid') OR number IS NOT NULL", name="numbered"),
        CheckConstraint("paid_fen BETWEEN 0 AND total_fen AND refunded_fen BETWEEN 0 AND paid_fen", name="fen"),
        Index("bill_one_per_visit_idx", "tenant_id", "visit_id", unique=True, postgresql_where=text("state <> 'void'")),
        Index("bill_over_idx", "tenant_id", "finalised_at", postgresql_where=text("over")),
        Index(None, "tenant_id", "visit_id"),
    )

    bill_id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID]
    number: Mapped[int | None]
    state: Mapped[str]
    with_discount: Mapped[bool]
    pay_percent: Mapped[int]
    basis_fen: Mapped[int | None]
    """What it comes to before coupons and points: held against the estimate, which knows neither; None on old bills."""
    total_fen: Mapped[int]
    paid_fen: Mapped[int]
    refunded_fen: Mapped[int]
    estimate_id: Mapped[UUID | None]
    """The accepted estimate it was held against when it became final."""
    over: Mapped[bool]
    """It has reached 130 % of the estimate that was accepted."""
    warned_for: Mapped[UUID | None]
    """The estimate whose 130 % it was told to have reached, so that it is told once."""
    override_reason: Mapped[str]
    override_by_name: Mapped[str]
    explained_at: Mapped[datetime | None]
    explained_by_name: Mapped[str]
    opened_at: Mapped[datetime]
    finalised_at: Mapped[datetime | None]
    finalised_by_name: Mapped[str]
    paid_at: Mapped[datetime | None]
    purchase_id: Mapped[UUID | None]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str]


class BillLine(TenantRow, Base):
    """One line; taken off an open bill it stays with the time it was taken off."""

    __tablename__ = "bill_line"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "bill_id"], ["bill.tenant_id", "bill.bill_id"]),
        CheckConstraint(_CATEGORIES, name="category"),
        CheckConstraint(
            "quantity_milli > 0 AND unit_fen >= 0 AND discount_fen >= 0 AND share_fen >= 0", name="amounts"
        ),
        CheckConstraint("amount_fen >= 0 AND refunded_fen BETWEEN 0 AND amount_fen", name="fen"),
        Index(None, "tenant_id", "bill_id", "line_id"),
    )

    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    bill_id: Mapped[UUID]
    item_code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    category: Mapped[str]
    unit: Mapped[str]
    quantity_milli: Mapped[int]
    unit_fen: Mapped[int]
    member_fen: Mapped[int | None]
    discount_fen: Mapped[int]
    share_fen: Mapped[int]
    """What the member's discount takes off this line."""
    amount_fen: Mapped[int]
    refunded_fen: Mapped[int]
    added_at: Mapped[datetime]
    added_by_name: Mapped[str]
    removed_at: Mapped[datetime | None]
    removed_by_name: Mapped[str]


class BillChoice(TenantRow, Base):
    """What the customer wants to use on a bill: a coupon, a benefit for one line, points; nothing is spent by it."""

    __tablename__ = "bill_choice"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "bill_id"], ["bill.tenant_id", "bill.bill_id"]),
        ForeignKeyConstraint(["tenant_id", "line_id"], ["bill_line.tenant_id", "bill_line.line_id"]),
        ForeignKeyConstraint(["tenant_id", "coupon_id"], ["coupon.tenant_id", "coupon.coupon_id"]),
        ForeignKeyConstraint(["tenant_id", "grant_id"], ["benefit_grant.tenant_id", "benefit_grant.grant_id"]),
        CheckConstraint(
            "kind = 'coupon' AND coupon_id IS NOT NULL OR kind = 'points' AND points > 0"
            " OR kind = 'benefit' AND grant_id IS NOT NULL AND line_id IS NOT NULL",
            name="kind",
        ),
        Index("bill_choice_coupon_idx", "tenant_id", "bill_id", "coupon_id", unique=True),
        Index("bill_choice_line_idx", "tenant_id", "bill_id", "line_id", unique=True),
        Index("bill_choice_points_idx", "tenant_id", "bill_id", unique=True, postgresql_where=text("kind = 'points'")),
    )

    choice_id: Mapped[UUID] = mapped_column(primary_key=True)
    bill_id: Mapped[UUID]
    kind: Mapped[str]
    line_id: Mapped[UUID | None]
    coupon_id: Mapped[UUID | None]
    grant_id: Mapped[UUID | None]
    points: Mapped[int | None]
    chosen_at: Mapped[datetime]
    chosen_by_name: Mapped[str]


class BillApplied(TenantRow, Base):
    """One step by which a final bill came to its total, with the rule and its version; append-only."""

    __tablename__ = "bill_applied"
    __table_args__ = (
        UniqueConstraint("tenant_id", "bill_id", "position"),
        ForeignKeyConstraint(["tenant_id", "bill_id"], ["bill.tenant_id", "bill.bill_id"]),
        ForeignKeyConstraint(["tenant_id", "line_id"], ["bill_line.tenant_id", "bill_line.line_id"]),
        CheckConstraint(
            "step IN ('hand', 'tier', 'campaign', 'member_price', 'benefit',"
            " 'order_percent', 'coupon', 'points', 'stored_value')",
            name="step",
        ),
        CheckConstraint("fen >= 0", name="fen"),
    )

    applied_id: Mapped[UUID] = mapped_column(primary_key=True)
    bill_id: Mapped[UUID]
    position: Mapped[int]
    step: Mapped[str]
    line_id: Mapped[UUID | None]
    """The line that it came off; None for the bill as a whole."""
    rule_id: Mapped[str]
    rule_version: Mapped[str]
    label: Mapped[dict[str, Any]] = mapped_column(JSONB)
    ref_id: Mapped[UUID | None]
    """The coupon or the granted benefit."""
    points: Mapped[int]
    fen: Mapped[int]
    """What it took off."""
    at: Mapped[datetime]


class CreditNote(TenantRow, Base):
    """What was taken back of a final bill, and why; append-only, with a number of its own."""

    __tablename__ = "credit_note"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "bill_id"], ["bill.tenant_id", "bill.bill_id"]),
        CheckConstraint("kind IN ('refund', 'void')", name="kind"),
        CheckConstraint("amount_fen >= 0", name="fen"),
        Index(None, "tenant_id", "bill_id"),
    )

    note_id: Mapped[UUID] = mapped_column(primary_key=True)
    bill_id: Mapped[UUID]
    number: Mapped[int]
    kind: Mapped[str]
    amount_fen: Mapped[int]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reason: Mapped[str]
    key: Mapped[str]
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]


class Payment(TenantRow, Base):
    """Money that came in for a bill, or went back; append-only."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "bill_id"], ["bill.tenant_id", "bill.bill_id"]),
        ForeignKeyConstraint(["tenant_id", "note_id"], ["credit_note.tenant_id", "credit_note.note_id"]),
        CheckConstraint("kind IN ('payment', 'refund')", name="kind"),
        CheckConstraint("method IN ('cash', 'card', 'wechat', 'alipay', 'stored_value')", name="method"),
        CheckConstraint("amount_fen > 0", name="fen"),
        Index(None, "tenant_id", "bill_id", "payment_id"),
    )

    payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    bill_id: Mapped[UUID]
    note_id: Mapped[UUID | None]
    kind: Mapped[str]
    method: Mapped[str]
    amount_fen: Mapped[int]
    detail: Mapped[str]
    """What identifies it outside: the last digits of a card, a voucher's number."""
    key: Mapped[str]
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]


class VisitLink(TenantRow, Base):
    """The customer's own address of a visit's estimate and bill; it expires, and staff can take it back."""

    __tablename__ = "visit_link"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(["tenant_id", "visit_id"], ["visit.tenant_id", "visit.visit_id"]),
        Index(None, "tenant_id", "visit_id"),
    )

    link_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    visit_id: Mapped[UUID]
    created_at: Mapped[datetime]
    created_by_name: Mapped[str]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
