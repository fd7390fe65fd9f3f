"""What the operations of `api_writes` and `api_lists` say of themselves; see api_operations."""

from datetime import date
from typing import Final

from core.remedies.queries import RemedyFacts
from core.visits.queries.visits import VisitRow
from web.openapi import list_answers as told
from web.openapi.operations import LIMIT, PAGED, Operation, Query
from web.routes import api_writes

_ROOT: Final = "/api/v1"
_CUSTOMER: Final = f"{_ROOT}/customers/{{customer_id:uuid}}"
_COMPLAINT: Final = f"{_ROOT}/complaints/{{complaint_id:uuid}}"
_MADE: Final = {201: told.Made}
_CHANGED: Final = {200: told.Made}
_FEED: Final = "`next` goes on even when there is no more: keep it, and ask with it the next time."

FURTHER: Final[dict[str, Operation]] = {
    f"POST {_CUSTOMER}/subjects": Operation(
        summary="Write down one more pet or person of a customer",
        tag="Customers",
        body=api_writes.NewSubject,
        answers=_MADE,
        example={"name": "年糕", "kind": "clinic.patient", "species": "cat"},
    ),
    f"POST {_CUSTOMER}/subjects/{{subject_id:uuid}}": Operation(
        summary="Replace the record of a pet or person",
        tag="Customers",
        body=api_writes.NewSubject,
        answers=_CHANGED,
        example={"name": "年糕", "kind": "clinic.patient", "species": "cat", "neutered": True},
    ),
    f"POST {_CUSTOMER}/contacts": Operation(
        summary="Add a way to reach a customer",
        tag="Customers",
        body=api_writes.NewContact,
        answers=_MADE,
        example={"kind": "email", "value": "wang@example.com"},
    ),
    f"POST {_CUSTOMER}/contacts/{{contact_id:uuid}}/remove": Operation(
        summary="Take a way to reach a customer away",
        tag="Customers",
        body=api_writes.Nothing,
        answers=_CHANGED,
        example={},
    ),
    f"POST {_CUSTOMER}/consents": Operation(
        summary="Record what a customer answered to being contacted",
        tag="Customers",
        body=api_writes.NewConsent,
        answers=_MADE,
        about="Giving and withdrawing are the same act; the newest answer counts at once. `text_shown` is what they read.",
        example={"purpose": "marketing", "decision": "withdrawn", "text_shown": "不再接收促销短信"},
    ),
    f"POST {_ROOT}/visits": Operation(
        summary="Begin a visit",
        tag="Visits",
        body=api_writes.NewVisit,
        answers={201: VisitRow},
        refusals=(404,),
        example={"customer_id": "00000000-0000-7000-8000-000000000000", "reason": "复诊"},
    ),
    f"POST {_ROOT}/visits/{{visit_id:uuid}}/end": Operation(
        summary="End a visit",
        tag="Visits",
        body=api_writes.VisitEnd,
        answers={200: VisitRow},
        example={"how": "discharged"},
    ),
    f"POST {_COMPLAINT}/information": Operation(
        summary="Add what the customer says to a complaint",
        tag="Complaints",
        body=api_writes.Information,
        answers=_MADE,
        example={"text": "补充：当天的收据已找到"},
    ),
    f"POST {_COMPLAINT}/remedies": Operation(
        summary="Propose a remedy",
        tag="Complaints",
        body=api_writes.NewRemedy,
        answers={201: RemedyFacts, 200: RemedyFacts},
        once="either",
        about="A key has no limit of its own: what costs something waits for a person, who decides.",
        example={"key": "remedy-17", "kind": "gift", "label": "零食", "cost_fen": 5000},
    ),
    f"GET {_COMPLAINT}/events": Operation(
        summary="Read what happened to a complaint", tag="Complaints", answers={200: told.ComplaintEvents}
    ),
    f"GET {_ROOT}/notices": Operation(
        summary="Fetch who was told of promises that end or broke, oldest first",
        tag="Complaints",
        answers={200: told.NoticePage},
        query=PAGED,
        about=_FEED,
    ),
    f"GET {_ROOT}/surveys": Operation(summary="List the newest surveys", tag="Surveys", answers={200: told.SurveyList}),
    f"GET {_ROOT}/surveys/{{campaign_id:uuid}}": Operation(
        summary="Read one survey with its progress", tag="Surveys", answers={200: told.SurveyTold}
    ),
    f"GET {_ROOT}/surveys/answers": Operation(
        summary="List answers to surveys, newest first",
        tag="Surveys",
        answers={200: told.AnswerPage},
        query=(
            Query("after", "The `next` of the page before; without it the first page."),
            LIMIT,
            Query("first", "The first local day.", kind=date, required=True),
            Query("last", "The last local day, at most a year later.", kind=date, required=True),
            Query("campaign_id", "Only of this survey.", kind="uuid"),
            Query("branch_id", "Only about this branch.", kind="uuid"),
        ),
    ),
    f"GET {_ROOT}/exports": Operation(
        summary="List which files of customers were written, newest first",
        tag="Setup",
        answers={200: told.ExportPage},
        query=PAGED,
        about="What was written, by whom and for what; the files themselves are for people.",
    ),
}
"""Method and address -> what it says."""
