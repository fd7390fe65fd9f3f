"""What a carrier's events say about a parcel, and when somebody has to look after it; pure, in whatever order they come."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from plugins.api import Text, both

Kind = Literal["picked_up", "moving", "out_for_delivery", "delivered", "refused", "address_wrong", "returned"]
Status = Literal["sent", "picked_up", "moving", "out_for_delivery", "delivered", "refused", "address_wrong", "returned"]
TroubleKind = Literal["stuck", "refused", "address_wrong"]

STATUS_WORDS: Final[dict[str, Text]] = {
    "sent": both("已发货", "Sent"),
    "picked_up": both("已揽收", "Picked up"),
    "moving": both("运输中", "On the way"),
    "out_for_delivery": both("派送中", "Out for delivery"),
    "delivered": both("已签收", "Delivered"),
    "refused": both("拒收", "Refused"),
    "address_wrong": both("地址错误", "Wrong address"),
    "returned": both("已退回", "Returned"),
}
TROUBLE_WORDS: Final[dict[str, Text]] = {
    "stuck": both("快递滞留", "Parcel does not move"),
    "refused": both("客户拒收", "Parcel refused"),
    "address_wrong": both("地址错误", "Wrong address"),
}
# 安排顺丰加急配送, 指导用户修改地址 (order.exceptions), and the refund or resend of R25
REMEDIES: Final[dict[str, tuple[str, ...]]] = {
    "stuck": ("express", "resend", "refund"),
    "refused": ("address", "resend", "refund"),
    "address_wrong": ("address", "express", "resend", "refund"),
}
_KINDS: Final[dict[str, Kind]] = {
    "picked_up": "picked_up", "揽收": "picked_up", "已揽收": "picked_up",
    "moving": "moving", "运输中": "moving", "在途": "moving",
    "out_for_delivery": "out_for_delivery", "派送中": "out_for_delivery", "派件": "out_for_delivery",
    "delivered": "delivered", "已签收": "delivered", "签收": "delivered",
    "refused": "refused", "拒收": "refused",
    "address_wrong": "address_wrong", "地址错误": "address_wrong", "查无此人": "address_wrong",
    "returned": "returned", "退回": "returned", "已退回": "returned",
}  # fmt: skip
# Carriers in China write local time without a zone.
_ZONE: Final = ZoneInfo("Asia/Shanghai")
COLUMNS: Final = ("carrier", "event_id", "tracking_no", "kind", "at", "place")
MOST_LINES: Final = 2000
LONGEST: Final = 100
_AHEAD: Final = timedelta(hours=1)
"""A carrier's clock may be a little fast; more is a mistake."""


class CarrierEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a carrier's list; the carrier's own id makes it come once."""

    carrier: str
    event_id: str
    tracking_no: str
    kind: Kind
    at: datetime
    place: str = ""


class State(msgspec.Struct, frozen=True):
    """A parcel as its events have it."""

    status: Status
    news_at: datetime
    delivered_at: datetime | None


def state_of(sent_at: datetime, events: Iterable[CarrierEvent]) -> State:
    """Return the state after all events, by when they happened and not by when they came; the id decides a tie."""
    ordered = sorted(events, key=lambda event: (event.at, event.event_id))
    if not ordered:
        return State("sent", sent_at, None)
    last = ordered[-1]
    delivered = next((event.at for event in reversed(ordered) if event.kind == "delivered"), None)
    # What is delivered stays so, except that it comes back or is refused after all: late scans of a hub change nothing.
    status: Status = last.kind
    if delivered is not None and last.kind in {"picked_up", "moving", "out_for_delivery"}:
        status = "delivered"
    return State(status, max(sent_at, last.at), delivered if status == "delivered" else None)


def trouble_of(state: State, *, handled_at: datetime | None, now: datetime, stuck_hours: int) -> TroubleKind | None:
    """Return what is wrong: an address or a refusal at once, silence from `stuck_hours` on, the number included.

    What was dealt with counts as news: it is wrong again only by a newer event, or after as long a silence.
    """
    fresh = handled_at is None or state.news_at > handled_at
    if state.status == "refused" and fresh:
        return "refused"
    if state.status == "address_wrong" and fresh:
        return "address_wrong"
    if state.status in {"delivered", "returned"}:
        return None
    last = state.news_at if handled_at is None else max(state.news_at, handled_at)
    return "stuck" if now - last >= timedelta(hours=stuck_hours) else None


class BadLine(msgspec.Struct, frozen=True):
    """A line that cannot be taken, and why."""

    line: int
    why: Text


def read_events(text: str, now: datetime) -> tuple[tuple[CarrierEvent, ...], tuple[BadLine, ...]]:
    """Read a carrier's list: carrier, event id, tracking number, kind, time, place; a heading line is left out."""
    events: list[CarrierEvent] = []
    bad: list[BadLine] = []
    lines = [line for line in text.replace("\x00", "").splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        return (), (BadLine(MOST_LINES + 1, both(f"一次最多 {MOST_LINES} 行", f"At most {MOST_LINES} lines at once")),)
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in next(csv.reader(io.StringIO(line)))]
        if number == 1 and cells[:2] in (["carrier", "event_id"], ["承运商", "事件编号"]):
            continue
        found = _event(cells, now)
        if isinstance(found, CarrierEvent):
            events.append(found)
        else:
            bad.append(BadLine(number, found))
    return tuple(events), tuple(bad)


def _event(cells: list[str], now: datetime) -> CarrierEvent | Text:
    if len(cells) not in (len(COLUMNS) - 1, len(COLUMNS)):
        return both(
            "应为 6 列：承运商,事件编号,运单号,状态,时间,地点",
            "6 columns: carrier, event id, tracking number, kind, time, place",
        )
    carrier, event_id, tracking_no, word, written, *place = cells
    if not (carrier and event_id and tracking_no) or max(map(len, cells)) > LONGEST:
        return both(
            "承运商、事件编号、运单号必填，每项不超过 100 字",
            "Carrier, event id and tracking number, 100 characters each",
        )
    kind = _KINDS.get(word.lower())
    if kind is None:
        return both(f"不认识的状态：{word}", f"Unknown kind: {word}")
    at = read_time(written)
    if at is None:
        return both(f"时间看不懂：{written}", f"No time: {written}")
    if at > now + _AHEAD:
        return both(f"时间在将来：{written}", f"In the future: {written}")
    return CarrierEvent(
        carrier=carrier, event_id=event_id, tracking_no=tracking_no, kind=kind, at=at, place=place[0] if place else ""
    )


def read_time(written: str) -> datetime | None:
    """Read an ISO time, or one with a blank; without a zone it is Shanghai's."""
    try:
        at = datetime.fromisoformat(written.strip().replace("/", "-"))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=_ZONE)
