"""What an interviewer's call led to, when to try again, and when a call is given up."""

from datetime import datetime, timedelta
from typing import Final, Literal, get_args

import msgspec

from core.errors import FieldProblem

Outcome = Literal["reached", "no_answer", "call_later", "refused", "wrong_number"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
State = Literal["waiting", "done", "refused", "wrong_number", "unreached", "expired"]
LEASE: Final = timedelta(minutes=20)
"""So long a person belongs to the interviewer who opened them; each step of the call begins it anew."""
REST: Final = timedelta(hours=3)
"""Who did not answer is not called again before that: another part of the day."""
MAX_NOTE: Final = 1000


class Step(msgspec.Struct, frozen=True):
    """What becomes of an interview after a call; `next_at` is when it may be tried again."""

    state: State
    next_at: datetime | None = None


def problems_of(
    outcome: str, *, call_at: datetime | None, note: str, now: datetime, until: datetime
) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a call's result; `until` is when the interview is over for good."""
    problems = []
    if outcome not in OUTCOMES:
        problems.append(FieldProblem("outcome", "option"))
    if outcome == "call_later":
        if call_at is None:
            problems.append(FieldProblem("call_at", "required"))
        elif call_at <= now:
            problems.append(FieldProblem("call_at", "in-the-past"))
        elif call_at >= until:
            problems.append(FieldProblem("call_at", "after-the-end"))
    if len(note) > MAX_NOTE:
        problems.append(FieldProblem("note", "too-long", {"max": MAX_NOTE}))
    return tuple(problems)


def step_after(
    outcome: Outcome, *, attempts: int, max_attempts: int, now: datetime, call_at: datetime | None = None
) -> Step:
    """Return the state after the `attempts`-th call."""
    if outcome == "reached":
        return Step("done")
    if outcome == "refused":
        return Step("refused")
    if outcome == "wrong_number":
        return Step("wrong_number")
    if outcome == "call_later":
        return Step("waiting", call_at)
    return Step("unreached") if attempts >= max_attempts else Step("waiting", now + REST)
