"""Rows of surveys: settings, script, campaigns, who was asked, the monthly draw, calls, and answers as figures."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class SurveySetting(TenantRow, Base):
    """How one tenant surveys; no row means the defaults of `core.surveys.queries.SurveySettings`."""

    __tablename__ = "survey_setting"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("unhappy IN ('alert', 'reopen')", name="unhappy"),
        CheckConstraint("sample_percent BETWEEN 0 AND 100", name="sample_percent"),
        CheckConstraint("fatigue_days BETWEEN 0 AND 365", name="fatigue_days"),
        CheckConstraint("max_attempts BETWEEN 1 AND 10", name="max_attempts"),
        CheckConstraint("remind_days BETWEEN 0 AND 60", name="remind_days"),
    )

    interview_form_id: Mapped[str | None]
    after_form_id: Mapped[str | None]
    after_resolution: Mapped[bool]
    unhappy: Mapped[str]
    sample_percent: Mapped[int]
    fatigue_days: Mapped[int]
    skip_complainants: Mapped[bool]
    max_attempts: Mapped[int]
    remind_days: Mapped[int]
    changed_by_name: Mapped[str]
    changed_at: Mapped[datetime]


class SurveyScript(TenantRow, Base):
    """The tenant's own words for a call, one row per language."""

    __tablename__ = "survey_script"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("locale IN ('zh_CN', 'en')", name="locale"),
    )

    locale: Mapped[str] = mapped_column(primary_key=True)
    consent: Mapped[str]
    opening: Mapped[str]
    questions: Mapped[str]
    closing: Mapped[str]
    changed_by_name: Mapped[str]
    changed_at: Mapped[datetime]


class SurveyCampaign(TenantRow, Base):
    """One survey of one quarter; `reached_row` is the last customer that got a link while it is being opened."""

    __tablename__ = "survey_campaign"
    __table_args__ = (
        UniqueConstraint("tenant_id", "previous_id"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "previous_id"], ["survey_campaign.tenant_id", "survey_campaign.campaign_id"]
        ),
        ForeignKeyConstraint(["tenant_id", "group_link_id"], ["form_link.tenant_id", "form_link.link_id"]),
        CheckConstraint("length(title) BETWEEN 1 AND 120", name="title"),
        CheckConstraint("channel IN ('wechat', 'link', 'qr', 'email')", name="channel"),
        CheckConstraint("audience IN ('all', 'branch', 'segment')", name="audience"),
        CheckConstraint("state IN ('proposed', 'planned', 'open', 'closed', 'dropped')", name="state"),
        CheckConstraint("first_day <= last_day", name="days"),
        Index(None, "tenant_id", "state", "last_day"),
        Index(None, "tenant_id", "group_link_id"),
    )

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    form_id: Mapped[str]
    channel: Mapped[str]
    audience: Mapped[str]
    branch_id: Mapped[UUID | None]
    segment_id: Mapped[str | None]
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    state: Mapped[str]
    previous_id: Mapped[UUID | None]
    group_link_id: Mapped[UUID | None]
    audience_size: Mapped[int]
    reached_row: Mapped[UUID | None]
    handled: Mapped[int]
    asked: Mapped[int]
    left_out: Mapped[dict[str, Any]]
    filled_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    created_by_name: Mapped[str]
    created_at: Mapped[datetime]


class SurveyAsk(TenantRow, Base):
    """One person who was asked once: by a campaign's link, by a call, or after a complaint."""

    __tablename__ = "survey_ask"
    __table_args__ = (
        UniqueConstraint("tenant_id", "link_id"),
        ForeignKeyConstraint(
            ["tenant_id", "campaign_id"], ["survey_campaign.tenant_id", "survey_campaign.campaign_id"]
        ),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], ["complaint.tenant_id", "complaint.complaint_id"]),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "link_id"], ["form_link.tenant_id", "form_link.link_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        CheckConstraint("source IN ('campaign', 'interview', 'complaint')", name="source"),
        Index(None, "tenant_id", "campaign_id", "ask_id"),
        Index(None, "tenant_id", "customer_id", "asked_at"),
        Index(None, "tenant_id", "complaint_id"),
        Index(None, "tenant_id", "asked_at"),
    )

    ask_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    campaign_id: Mapped[UUID | None]
    complaint_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    link_id: Mapped[UUID | None]
    branch_id: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class SurveySample(TenantRow, Base):
    """The draw of one month, made once."""

    __tablename__ = "survey_sample"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    percent: Mapped[int]
    eligible: Mapped[int]
    drawn: Mapped[int]
    cycle: Mapped[int]
    left_out: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class SurveyCycle(TenantRow, Base):
    """The last round in which a customer was drawn, and when."""

    __tablename__ = "survey_cycle"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"], ondelete="CASCADE"
        ),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    cycle: Mapped[int]
    month: Mapped[date] = mapped_column(Date)


class SurveyInterview(TenantRow, Base):
    """One person to call: drawn this month, or to be called back about an answer (`about_id`)."""

    __tablename__ = "survey_interview"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "ask_id"], ["survey_ask.tenant_id", "survey_ask.ask_id"]),
        ForeignKeyConstraint(["tenant_id", "about_id"], ["submission.tenant_id", "submission.submission_id"]),
        ForeignKeyConstraint(["tenant_id", "submission_id"], ["submission.tenant_id", "submission.submission_id"]),
        ForeignKeyConstraint(["tenant_id", "claimed_by"], ["staff.tenant_id", "staff.staff_id"]),
        CheckConstraint("reason IN ('sample', 'call_back')", name="reason"),
        CheckConstraint(
            "state IN ('waiting', 'done', 'refused', 'wrong_number', 'unreached', 'expired')", name="state"
        ),
        CheckConstraint("length(note) <= 1000", name="note"),
        Index(
            "survey_interview_queue_idx", "tenant_id", "due_at", "position", postgresql_where=text("state = 'waiting'")
        ),
        Index(None, "tenant_id", "customer_id"),
        Index(None, "tenant_id", "month", "interview_id"),
        Index(None, "tenant_id", "ask_id"),
        Index(None, "tenant_id", "about_id"),
    )

    interview_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str]
    customer_id: Mapped[UUID]
    ask_id: Mapped[UUID | None]
    month: Mapped[date | None] = mapped_column(Date)
    position: Mapped[int]
    about_id: Mapped[UUID | None]
    state: Mapped[str]
    due_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    attempts: Mapped[int]
    claimed_by: Mapped[UUID | None]
    claimed_by_name: Mapped[str]
    lease_until: Mapped[datetime | None]
    submission_id: Mapped[UUID | None]
    note: Mapped[str]
    finished_at: Mapped[datetime | None]
    created_by_name: Mapped[str]
    created_at: Mapped[datetime]


class SurveyAttempt(TenantRow, Base):
    """One call and what it led to; append-only."""

    __tablename__ = "survey_attempt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "interview_id"], ["survey_interview.tenant_id", "survey_interview.interview_id"]
        ),
        CheckConstraint("outcome IN ('reached', 'no_answer', 'call_later', 'refused', 'wrong_number')", name="outcome"),
    )

    interview_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    call_at: Mapped[datetime | None]
    staff_id: Mapped[UUID | None]
    staff_name: Mapped[str]
    at: Mapped[datetime]


class SurveyAnswer(TenantRow, Base):
    """A survey's submission as figures, so that results need no JSON; goes when the submission goes."""

    __tablename__ = "survey_answer"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "submission_id"], ["submission.tenant_id", "submission.submission_id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "campaign_id"], ["survey_campaign.tenant_id", "survey_campaign.campaign_id"]
        ),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], ["complaint.tenant_id", "complaint.complaint_id"]),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["branch.tenant_id", "branch.branch_id"]),
        ForeignKeyConstraint(["tenant_id", "clinician_id"], ["staff.tenant_id", "staff.staff_id"]),
        CheckConstraint("source IN ('campaign', 'interview', 'complaint', 'other')", name="source"),
        CheckConstraint("nps BETWEEN 0 AND 10", name="nps"),
        CheckConstraint("csat BETWEEN 1 AND 5", name="csat"),
        CheckConstraint("ces BETWEEN 1 AND 7", name="ces"),
        Index(None, "tenant_id", "answered_on", "submission_id"),
        Index("survey_answer_newest_idx", "tenant_id", "answered_at", "submission_id"),
        Index(None, "tenant_id", "campaign_id"),
        Index(None, "tenant_id", "complaint_id"),
        Index(None, "tenant_id", "customer_id"),
    )

    submission_id: Mapped[UUID] = mapped_column(primary_key=True)
    form_id: Mapped[str]
    source: Mapped[str]
    campaign_id: Mapped[UUID | None]
    complaint_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    branch_id: Mapped[UUID | None]
    clinician_id: Mapped[UUID | None]
    species: Mapped[str | None]
    answered_on: Mapped[date] = mapped_column(Date)
    answered_at: Mapped[datetime]
    nps: Mapped[int | None]
    csat: Mapped[int | None]
    ces: Mapped[int | None]
    comment_key: Mapped[str | None]
    """Where the comment stands in the submission; None when nothing was said."""
