"""What the API's further reads and writes answer with, as records of the document."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from core.complaints.queries.cases import HistoryRow
from core.complaints.queries.feed import NoticeFact
from core.exports.queries import ExportRecord
from core.surveys.queries import Progress


class Made(msgspec.Struct, frozen=True):
    """The id of what was written down or changed."""

    id: UUID


class ComplaintEvents(msgspec.Struct, frozen=True):
    """A complaint's history; kinds are added over time, so leave unknown ones alone."""

    id: UUID
    state: str
    level: str
    events: list[HistoryRow]


class NoticePage(msgspec.Struct, frozen=True):
    notices: list[NoticeFact]
    next: UUID | None
    more: bool


class SurveyTold(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign; `progress` only where one is read alone."""

    campaign_id: UUID
    title: str
    form_id: str
    channel: str
    audience: str
    branch_id: UUID | None
    branch_name: str | None
    segment_id: str | None
    first_day: date
    last_day: date
    state: str
    previous_id: UUID | None
    audience_size: int
    handled: int
    asked: int
    left_out: dict[str, int]
    filled_at: datetime | None
    sent_at: datetime | None
    reminded_at: datetime | None
    opened_at: datetime | None
    closed_at: datetime | None
    created_by_name: str
    created_at: datetime
    progress: Progress | None = None


class SurveyList(msgspec.Struct, frozen=True):
    surveys: list[SurveyTold]


class AnswerTold(msgspec.Struct, frozen=True, kw_only=True):
    """What one person answered; who they are is asked by their id."""

    submission_id: UUID
    customer_id: UUID | None
    branch_id: UUID | None
    source: str
    answered_at: datetime
    nps: int | None
    csat: int | None
    ces: int | None
    comment: str
    call_back: str | None


class AnswerPage(msgspec.Struct, frozen=True):
    answers: list[AnswerTold]
    next: str | None
    more: bool


class ExportPage(msgspec.Struct, frozen=True):
    exports: list[ExportRecord]
    next: UUID | None
    more: bool
