"""Tells how an account stands in JSON: instants local with their offset, what is empty left out."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.loyalty.rules.days import local_day
from core.loyalty.rules.earning import Credit
from core.loyalty.rules.ledger import Account, Entry
from core.loyalty.rules.lots import Lot, Take, is_due, is_pending, usable
from core.loyalty.rules.nights import Night
from core.loyalty.rules.prices import Bill
from core.loyalty.rules.tiers import TierMove, find_tier, next_tier, unit_of, window

Answer = dict[str, Any]


def account_answer(account: Account) -> Answer:
    """The account as its card shows it."""
    standing, ladder = account.standing, account.program.ladder
    answer: Answer = {
        "balance": account.balance,
        "pending": account.pending,
        "deficit": account.deficit,
        "spent_fen": account.spent_fen,
        "tier": tier_of(account),
    }
    if ladder is not None and account.now is not None:
        value = account.measure(*window(ladder, account.day()))
        missing = next_tier(ladder, current=tier_of(account), spent_fen=value)
        answer |= {
            "tier_since": told(standing.since, account.zone),
            "tier_review_on": told(standing.review_on, account.zone),
            "tier_pinned_until": told(standing.pinned_until, account.zone),
            "measure": {"value": value, "unit": unit_of(ladder)},
            "next_tier": None if missing is None else {"tier": missing.tier.code, "missing": missing.fen},
        }
    soonest = next((one for one in _open(account) if one.expires_at is not None), None)
    if soonest is not None:
        points = sum(one.remaining for one in _open(account) if one.expires_at == soonest.expires_at)
        answer["next_expiry"] = {"points": points, "at": told(soonest.expires_at, account.zone)}
    return answer | {"as_of": told(account.now, account.zone)}


def _open(account: Account) -> list[Lot]:
    return usable(account.lots.values(), account.now) if account.now is not None else []


def tier_of(account: Account) -> str | None:
    """The tier that counts; the lowest one of a ladder without any movement."""
    ladder = account.program.ladder
    if ladder is None:
        return None
    held = find_tier(ladder, account.standing.shown)
    return held.code if held is not None else ladder.tiers[0].code


def entry_answer(entry: Entry, zone: str) -> Answer:
    """One movement."""
    return _full(
        {
            "id": entry.entry_id,
            "kind": entry.kind,
            "at": told(entry.at, zone),
            "points": entry.points,
            "fen": entry.fen,
            "key": entry.key,
            "ref": entry.ref,
            "rule": entry.rule_id,
            "rule_version": entry.rule_version,
            "lot": entry.lot_id,
            "expires_at": told(entry.expires_at, zone),
            "takes": takes_answer(entry.takes),
        },
        keep=("points", "fen"),
    )


def takes_answer(takes: tuple[Take, ...]) -> list[Answer]:
    """From which lots points were taken."""
    return [{"lot": one.lot_id, "points": one.points} for one in takes]


def lot_answer(lot: Lot, account: Account) -> Answer:
    """One credit and what is left of it."""
    now = account.now
    state = "open"
    if now is not None and is_pending(lot, now):
        state = "pending"
    elif lot.remaining == 0:
        state = "expired" if lot.expired else "spent"
    assert now is None or lot.remaining == 0 or not is_due(lot, now)
    return {
        "id": lot.lot_id,
        "earned": lot.earned,
        "remaining": lot.remaining,
        "reversed": lot.reversed,
        "expired": lot.expired,
        "activates_at": told(lot.activates_at, account.zone),
        "expires_at": told(lot.expires_at, account.zone),
        "state": state,
    }


def credit_answer(credit: Credit, zone: str) -> Answer:
    """What one rule gave."""
    answer = {
        "rule": credit.rule_id,
        "points": credit.points,
        "shares": list(credit.shares),
        "activates_at": told(credit.activates_at, zone),
        "expires_at": told(credit.expires_at, zone),
        "capped": credit.capped,
    }
    return _full(answer, keep=("points", "expires_at"))


def bill_answer(bill: Bill) -> Answer:
    """A bill that explains itself."""
    applied = [
        _full(
            {
                "step": one.step,
                "rule": one.rule_id,
                "rule_version": one.rule_version,
                "label": one.label,
                "line": one.line,
                "fen": one.fen,
            },
            keep=("fen", "line"),
        )
        for one in bill.applied
    ]
    return {
        "list_fen": bill.list_fen,
        "lines": list(bill.lines),
        "applied": applied,
        "due_fen": bill.due_fen,
        "stored_fen": bill.stored_fen,
        "total_fen": bill.total_fen,
    }


def night_answer(night: Night) -> Answer:
    """What happened while time passed."""
    return {"activated": night.activated, "expired": night.expired} | moves_answer(night.moves)


def moves_answer(moves: tuple[TierMove, ...]) -> Answer:
    """Which tiers changed, and why; nothing when none did."""
    told_ = [{"from": one.before, "to": one.after, "cause": one.cause} for one in moves]
    return {"tier_changed": told_} if told_ else {}


def told(value: datetime | date | None, zone: str) -> str | None:
    """An instant in local time with its offset, or a day."""
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).isoformat()
    return None if value is None else value.isoformat()


def last_day(ends: datetime | None, zone: str) -> str | None:
    """The last local day before an instant at which something ends."""
    return None if ends is None else local_day(ends - ends.resolution, zone).isoformat()


def _full(answer: Answer, keep: tuple[str, ...] = ()) -> Answer:
    """Leave out what is empty."""
    return {name: value for name, value in answer.items() if name in keep or value not in (None, "", [], False)}
