"""What every operation of the API says of itself in the OpenAPI document: one line of data per route, and none without."""

from typing import Any, Final

from core.customers.queries import CustomerRecord
from core.visits.queries.visits import VisitRow
from web.openapi import answers as told
from web.openapi.operations import AFTER, LIMIT, PAGED, Operation, Query
from web.routes import api, api_complaints, api_coupons, api_customers, api_loyalty
from web.routes.api_further_operations import FURTHER
from web.views.complaints import STATES

_ROOT: Final = "/api/v1"
_ONE: Final = f"{_ROOT}/customers/{{customer_id:uuid}}"
_ANY: Final[dict[str, Any]] = {"type": "object"}
_CURSOR: Final = Query("after", "The `next` of the page before; without it the first page.")
_OPAQUE: Final = (_CURSOR, LIMIT)
_CHECKED: Final = {200: told.CouponTold}


def _moves(summary: str, body: Any, answer: Any, example: Any = None) -> Operation:
    """An operation of the ledger: done once for a key, and told again for the same key."""
    done = {201: answer, 200: answer}
    return Operation(summary=summary, tag="Loyalty", body=body, answers=done, once="either", example=example)


OPERATIONS: Final[dict[str, Operation]] = {
    f"GET {_ROOT}/forms": Operation(summary="List the forms in force", tag="Forms", answers={200: told.FormList}),
    f"GET {_ROOT}/forms/{{form_id:str}}": Operation(
        summary="Read one form", tag="Forms", answers={200: told.FormDefinition}
    ),
    f"GET {_ROOT}/forms/{{form_id:str}}/schema": Operation(
        summary="Read one form as JSON Schema 2020-12",
        tag="Forms",
        answers={200: _ANY},
        answer_type="application/schema+json",
    ),
    f"POST {_ROOT}/forms/{{form_id:str}}/submissions": Operation(
        summary="Send one form, filled in",
        tag="Forms",
        body=api.NewSubmission,
        answers={201: told.SubmissionKept},
        once="header",
        example={"answers": {"species": "cat", "pet_name": "年糕"}, "channel": "online"},
    ),
    f"GET {_ROOT}/submissions": Operation(
        summary="Fetch what was filled in, oldest first",
        tag="Forms",
        answers={200: told.SubmissionPage},
        query=(*PAGED, Query("form_id", "Only this form.")),
        about="`next` goes on even when there is no more: keep it, and ask with it the next time.",
    ),
    f"GET {_ROOT}/customers": Operation(
        summary="List customers, newest first", tag="Customers", answers={200: told.CustomerPage}, query=PAGED
    ),
    f"POST {_ROOT}/customers": Operation(
        summary="Find a customer by phone, or write one down",
        tag="Customers",
        body=api_customers.NewPerson,
        answers={201: told.CustomerFound, 200: told.CustomerFound},
        about="One phone is one customer, however often it is sent, so no key is asked for.",
        example={"phone": "138 0013 8000", "full_name": "王小明"},
    ),
    f"GET {_ONE}": Operation(
        summary="Read one customer with their pets", tag="Customers", answers={200: CustomerRecord}
    ),
    f"GET {_ONE}/contacts": Operation(
        summary="Read ways to reach a customer and what they agreed to",
        tag="Customers",
        answers={200: told.ContactsTold},
    ),
    f"GET {_ONE}/timeline": Operation(
        summary="Read a customer's history, newest first",
        tag="Customers",
        answers={200: told.TimelinePage},
        query=_OPAQUE,
    ),
    f"GET {_ROOT}/visits": Operation(
        summary="List visits, newest first",
        tag="Visits",
        answers={200: told.VisitPage},
        query=(
            *_OPAQUE,
            Query("customer_id", "Only this customer's.", kind="uuid"),
            Query("branch_id", "Only this branch's.", kind="uuid"),
        ),
    ),
    f"GET {_ROOT}/visits/{{visit_id:uuid}}": Operation(summary="Read one visit", tag="Visits", answers={200: VisitRow}),
    f"GET {_ROOT}/branches": Operation(summary="List the branches", tag="Setup", answers={200: told.BranchList}),
    f"GET {_ROOT}/prices": Operation(summary="Read the prices in force", tag="Setup", answers={200: told.PriceList}),
    f"GET {_ROOT}/segments": Operation(summary="List the segments", tag="Segments", answers={200: told.SegmentList}),
    f"GET {_ROOT}/segments/{{segment:str}}/members": Operation(
        summary="List who is in a segment now, newest first",
        tag="Segments",
        answers={200: told.MemberPage},
        query=PAGED,
    ),
    f"POST {_ROOT}/complaints": Operation(
        summary="File a complaint",
        tag="Complaints",
        body=api_complaints.NewApiComplaint,
        answers={201: told.ComplaintTold, 200: told.ComplaintTold},
        once="either",
        refusals=(404,),
        example={"key": "case-17", "text": "等了两个小时", "contact_name": "王小明", "contact_phone": "13800138000"},
    ),
    f"POST {_ROOT}/complaints/mail": Operation(
        summary="Hand over an e-mail as a mail server has it",
        tag="Complaints",
        body={"type": "string"},
        media_type="message/rfc822",
        answers={201: told.MailTaken, 200: told.MailTaken},
        query=(Query("branch_id", "The branch it was written to.", kind="uuid"),),
        refusals=(404,),
        about="The same letter twice is one complaint by its Message-ID, so no key is asked for.",
    ),
    f"GET {_ROOT}/complaints": Operation(
        summary="List complaints, oldest first",
        tag="Complaints",
        answers={200: told.ComplaintPage},
        query=(*PAGED, Query("state", "Only in this state.", options=tuple(STATES))),
        about="`next` goes on even when there is no more: keep it, and ask with it the next time.",
    ),
    f"GET {_ROOT}/complaints/{{complaint_id:uuid}}": Operation(
        summary="Read one complaint with its promises", tag="Complaints", answers={200: told.ComplaintTold}
    ),
    f"GET {_ROOT}/complaints/{{complaint_id:uuid}}/remedies": Operation(
        summary="Read what was offered for a complaint", tag="Complaints", answers={200: told.RemedyList}
    ),
    f"GET {_ONE}/account": Operation(summary="Read a loyalty account", tag="Loyalty", answers={200: told.Account}),
    f"GET {_ONE}/entries": Operation(
        summary="List movements of points, newest first",
        tag="Loyalty",
        answers={200: told.EntryPage},
        query=(AFTER, LIMIT),
    ),
    f"POST {_ONE}/purchases": _moves(
        "Record a paid bill", api_loyalty.NewPurchase, told.PurchaseKept, {"key": "bill-17", "fen": 60000}
    ),
    f"POST {_ONE}/refunds": _moves(
        "Refund a bill, whole or in part",
        api_loyalty.NewRefund,
        told.RefundKept,
        {"key": "refund-17", "of": "bill-17", "fen": 20000},
    ),
    f"POST {_ONE}/points/grant": _moves(
        "Give points by hand",
        api_loyalty.NewGrant,
        told.PointsMoved,
        {"key": "gift-1", "points": 100, "reason": "opening day"},
    ),
    f"GET {_ONE}/points/quote": Operation(
        summary="Ask what points would pay",
        tag="Loyalty",
        answers={200: told.Quote},
        query=(
            Query("bill_fen", "The bill.", kind=int),
            Query("points", "How many; without it as many as the bill takes.", kind=int),
            Query("clamp", "As many as possible of those asked.", kind=bool, default=False),
        ),
    ),
    f"POST {_ONE}/points/redeem": _moves(
        "Pay with points",
        api_loyalty.NewRedemption,
        told.PointsMoved,
        {"key": "pay-17", "points": 100, "bill_fen": 12800},
    ),
    f"POST {_ONE}/points/give-back": _moves(
        "Give redeemed points back", api_loyalty.GiveBack, told.PointsMoved, {"key": "back-17", "of": "pay-17"}
    ),
    f"POST {_ONE}/events": _moves(
        "Report something that a rule gives points for",
        api_loyalty.NewEvent,
        told.PointsMoved,
        {"key": "checkin-9", "event": "check_in"},
    ),
    f"POST {_ONE}/tier": Operation(
        summary="Set a tier by hand until a day",
        tag="Loyalty",
        body=api_loyalty.PinnedTier,
        answers={200: told.TierSet},
        example={"tier": "gold", "until": "2099-12-31", "reason": "moved here as a gold member"},
    ),
    f"GET {_ONE}/coupons": Operation(
        summary="List a customer's coupons", tag="Coupons", answers={200: told.CouponList}
    ),
    f"POST {_ONE}/coupons": Operation(
        summary="Issue a coupon",
        tag="Coupons",
        body=api_coupons.NewCoupon,
        answers={201: told.CouponTold},
        once="either",
        example={"key": "coupon-1", "template": "fifty"},
    ),
    f"POST {_ROOT}/coupons/check": Operation(
        summary="Ask what a coupon would take off",
        tag="Coupons",
        body=api_coupons.CouponOnBill,
        answers={200: told.CouponChecked},
        refusals=(404,),
    ),
    f"POST {_ROOT}/coupons/redeem": Operation(
        summary="Redeem a coupon",
        tag="Coupons",
        body=api_coupons.CouponOnBill,
        answers={201: told.CouponRedeemed, 200: told.CouponRedeemed},
        once="either",
        refusals=(404,),
    ),
    f"POST {_ROOT}/coupons/give-back": Operation(
        summary="Give a redeemed coupon back",
        tag="Coupons",
        body=api_coupons.CouponBack,
        answers=_CHECKED,
        once="either",
        refusals=(404,),
        example={"key": "unuse-1", "of": "use-1"},
    ),
    f"POST {_ROOT}/coupons/void": Operation(
        summary="Make a coupon void",
        tag="Coupons",
        body=api_coupons.VoidCoupon,
        answers=_CHECKED,
        refusals=(404,),
    ),
    f"GET {_ROOT}/coupons/{{coupon_id:uuid}}": Operation(summary="Read one coupon", tag="Coupons", answers=_CHECKED),
    f"GET {_ROOT}/loyalty/program": Operation(
        summary="Read the rules in force", tag="Loyalty", answers={200: told.ProgramTold}, refusals=(404,)
    ),
    f"POST {_ROOT}/loyalty/replay": Operation(
        summary="Play events against the rules and store nothing",
        tag="Loyalty",
        body=_ANY,
        answers={200: {}},
        example={"events": [{"type": "purchase", "key": "a", "at": "2026-01-31", "fen": 12000}]},
    ),
    **FURTHER,
}
"""Method and address -> what it says; a plugin's operations are added to a copy, see docs/decisions/0041-public-api.md."""
