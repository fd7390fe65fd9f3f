"""Random operations on one account in memory: what must hold after each of them, whatever came before."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.hooks.records.loyalty.program import Program
from core.loyalty.replay.run import play
from core.loyalty.rules.earning import share
from core.loyalty.rules.ledger import Account
from core.loyalty.rules.nights import advance
from core.loyalty.rules.prices import Bill, BillLine, Offer, explain, share_off

START = datetime(2026, 1, 30, 3, 17, tzinfo=UTC)
LADDERS = st.fixed_dictionaries(
    {
        "kind": st.just("tier_ladder"),
        "basis": st.sampled_from(["lifetime_spend", "period_spend", "points_earned", "points_balance", "visits"]),
        "period": st.sampled_from(["rolling", "calendar_year"]),
        "period_months": st.integers(1, 4),
        "upgrade": st.sampled_from(["now", "next_period"]),
        "downgrade": st.sampled_from(["never", "review", "now"]),
        "review_months": st.integers(1, 3),
        "grace_days": st.integers(0, 40),
        "refunds_lower_spend": st.booleans(),
        "tiers": st.just(
            [
                {"code": "a"},
                {"code": "b", "min_fen": 5000, "min_points": 50, "min_visits": 2, "earn_multiplier": "3/2"},
                {"code": "c", "min_fen": 20000, "min_points": 200, "min_visits": 5, "earn_multiplier": 2},
            ]
        ),
    }
)
LIFETIMES = st.fixed_dictionaries(
    {
        "pending_days": st.integers(0, 3),
        "months": st.none() | st.integers(0, 2),
        "until": st.sampled_from(["day", "month_end"]),
    }
)
RATES = st.fixed_dictionaries(
    {
        "kind": st.just("earn_rate"),
        "per_fen": st.integers(1, 300),
        "points": st.integers(1, 7),
        "multiplier": st.sampled_from([1, "1/3", "7/5", 2.5]),
        "group": st.sampled_from(["", "g"]),
        "max_points_per_day": st.none() | st.integers(0, 300),
        "lifetime": LIFETIMES,
    }
)
POLICIES = st.fixed_dictionaries(
    {
        "reversal": st.sampled_from(["clamp", "deficit"]),
        "deficit_limit": st.none() | st.integers(0, 100),
        "give_back_days": st.integers(0, 40),
    }
)
PROGRAMS = st.builds(
    lambda ladder, rates, policy: {
        "rules": [ladder, *rates, {"kind": "redeem", "fen_per_point": 1, "step": 5}],
        "ledger": policy,
    },
    LADDERS,
    st.lists(RATES, max_size=3),
    POLICIES,
)
KEYS = st.integers(0, 6).map(str)
LINES = st.lists(st.fixed_dictionaries({"fen": st.integers(1, 9999)}), min_size=1, max_size=4)
OPERATIONS = st.one_of(
    st.fixed_dictionaries({"type": st.just("purchase"), "key": KEYS, "lines": LINES}),
    st.fixed_dictionaries({"type": st.just("refund"), "of": KEYS}, optional={"fen": st.integers(1, 9999)}),
    st.fixed_dictionaries(
        {"type": st.just("redeem"), "key": KEYS, "points": st.integers(1, 300), "clamp": st.booleans()}
    ),
    st.fixed_dictionaries({"type": st.just("give_back"), "of": KEYS}, optional={"points": st.integers(1, 300)}),
    st.fixed_dictionaries({"type": st.just("grant"), "points": st.integers(1, 300), "lifetime": LIFETIMES}),
    st.fixed_dictionaries({"type": st.just("deduct"), "points": st.integers(1, 100)}),
    st.just({"type": "pin_tier", "tier": "b", "until": "2026-06-30"}),
    st.just({"type": "tick"}),
)
STEPS = st.lists(st.tuples(st.integers(0, 60 * 24 * 40), OPERATIONS), max_size=30)


def case(program: Any, steps: Any) -> dict[str, Any]:
    at, events = START, []
    for minutes, event in steps:
        at += timedelta(minutes=minutes)
        events.append(event | {"at": at.isoformat()})
    return {"id": 1, "program": program, "events": events}


@settings(max_examples=100, deadline=None)
@given(PROGRAMS, STEPS)
def test_entries_lots_and_account_always_agree(program: Any, steps: Any) -> None:
    answer = play(case(program, steps))
    account, lots = answer["account"], answer["lots"]
    assert sum(one["points"] for one in answer["entries"]) == (
        account["balance"] + account["pending"] - account["deficit"]
    )
    assert sum(one["fen"] for one in answer["entries"]) == account["spent_fen"]
    assert account["deficit"] >= 0
    assert account["deficit"] == 0 or account["balance"] + account["pending"] == 0
    for lot in lots:
        assert 0 <= lot["remaining"] <= lot["earned"]
        assert lot["reversed"] + lot["expired"] <= lot["earned"]
    taken: dict[int, int] = {}
    for entry in answer["entries"]:
        for take in entry.get("takes", []):
            taken[take["lot"]] = taken.get(take["lot"], 0) + take["points"]
    for lot in lots:
        assert taken.get(lot["id"], 0) + lot["remaining"] <= lot["earned"]


@settings(max_examples=40, deadline=None)
@given(PROGRAMS, STEPS)
def test_the_same_events_always_give_the_same_answer(program: Any, steps: Any) -> None:
    once = json.dumps(play(case(program, steps)))
    assert json.dumps(play(case(program, steps))) == once


@settings(max_examples=40, deadline=None)
@given(PROGRAMS, STEPS)
def test_looking_more_often_changes_nothing(program: Any, steps: Any) -> None:
    """A tick between two events moves nothing that would not have moved at the second."""
    often = [(part, one) for minutes, event in steps for part, one in ((minutes, {"type": "tick"}), (0, event))]
    end = (60, {"type": "tick"})
    rare, seen = play(case(program, [*steps, end])), play(case(program, [*often, end]))
    assert rare["account"] == seen["account"]
    assert [(one["kind"], one["at"], one["points"]) for one in rare["entries"]] == [
        (one["kind"], one["at"], one["points"]) for one in seen["entries"]
    ]


@settings(max_examples=40, deadline=None)
@given(PROGRAMS, STEPS)
def test_every_tier_change_starts_where_the_one_before_ended(program: Any, steps: Any) -> None:
    answer = play(case(program, steps))
    tier = "a"
    for event in answer["events"]:
        if event.get("replayed"):
            continue
        night = event.get("night", {}).get("tier_changed", [])
        for move in night + event.get("tier_changed", []):
            assert move["from"] == tier != move["to"]
            tier = move["to"]
    assert answer["account"]["tier"] == tier


@given(st.integers(0, 10**9), st.lists(st.integers(-50, 10**6), max_size=12))
def test_shares_sum_up_to_the_total_and_follow_the_weights(total: int, weights: list[int]) -> None:
    parts = share(total, weights)
    whole = sum(one for one in weights if one > 0)
    if whole == 0:
        assert parts == tuple(0 for _ in weights)
        return
    assert sum(parts) == total
    last = max(place for place, one in enumerate(weights) if one > 0)
    for place, (part, weight) in enumerate(zip(parts, weights, strict=True)):
        least = total * max(0, weight) // whole
        assert part == least or (place == last and part > least)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.integers(0, 100))
def test_what_comes_off_never_makes_a_line_negative(weights: list[int], percent: int) -> None:
    off = sum(weights) * percent // 100
    parts = share_off(off, weights)
    assert sum(parts) == off
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.integers(0, 100), st.integers(0, 100))
def test_a_bill_explains_every_fen(lines: list[int], tier: int, order: int) -> None:
    everything = tuple(range(len(lines)))
    bill = explain(
        [BillLine(fen=fen) for fen in lines],
        offers=[Offer(step="tier", pay_percent=tier, lines=everything)],
        order_percents=[Offer(step="order_percent", pay_percent=order, lines=everything)],
        stored_fen=500,
    )
    assert isinstance(bill, Bill)
    taken = sum(one.fen for one in bill.applied if one.step != "stored_value")
    assert bill.list_fen - taken == bill.due_fen == sum(bill.lines)
    assert bill.total_fen == bill.due_fen - bill.stored_fen >= 0
    assert min(bill.lines) >= 0


def test_time_alone_does_nothing_to_an_empty_account() -> None:
    account = Account(Program(), "Asia/Shanghai")
    night = advance(account, START)
    assert (night.activated, night.expired, night.moves, account.balance) == (0, 0, (), 0)
