"""Why a clock is due when it is: start, budget, pauses, days skipped and the rule that closed them (rule 18)."""

from core.calendars.explain.rules import Explanation, explain_over
from core.calendars.rules import seconds_of
from core.clocks.rules.folding import ClockState
from core.clocks.rules.measuring import Calendars, periods, spans_of


def explain_clock(state: ClockState, calendars: Calendars) -> Explanation:
    """Explain a clock up to its due time, or up to `as_of` while a pause holds it or there is no deadline."""
    facts = state.facts
    ended = facts.closed_at or state.as_of
    until = state.due_at or ended
    return explain_over(
        spans_of(facts, calendars),
        seconds_of(facts.started_at),
        max(0, (facts.plan.seconds or 0) - facts.carried),
        periods(state.pauses, facts.closed_at),
        due=None if state.due_at is None else seconds_of(state.due_at),
        until=seconds_of(until),
    )
