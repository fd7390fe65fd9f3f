"""Which state a plugin may go to from which, for one tenant, and by whom; pure."""

from datetime import datetime, timedelta
from typing import Final, Literal

State = Literal["installed", "offered", "trial", "on", "paused", "off", "removed"]
Verb = Literal["offer", "try", "enable", "pause", "resume", "disable", "remove"]
Holder = Literal["", "tenant", "operator"]
"""Who paused it; what the operator paused only the operator resumes."""

KEPT: Final = timedelta(days=90)
"""How long the data of a plugin that is off stay before they may be removed unasked; own design."""

MOVES: Final[dict[Verb, tuple[frozenset[State], State]]] = {
    # What an operator installed may be enabled at once: until there are plans that offer, every tenant is offered all.
    "offer": (frozenset({"installed", "removed"}), "offered"),
    "try": (frozenset({"installed", "offered", "off", "removed"}), "trial"),
    "enable": (frozenset({"installed", "offered", "trial", "off", "removed"}), "on"),
    "pause": (frozenset({"on"}), "paused"),
    "resume": (frozenset({"paused"}), "on"),
    # A trial ends without a pause: nothing of it was in force.
    "disable": (frozenset({"trial", "on", "paused"}), "off"),
    "remove": (frozenset({"off"}), "removed"),
}


def next_state(state: State, verb: Verb) -> State | None:
    """Return where a verb leads from a state, None when it may not be said there."""
    allowed, target = MOVES[verb]
    return target if state in allowed else None


def may_resume(holder: Holder, by: Holder) -> bool:
    """Tell whether `by` may end a pause that `holder` began."""
    return by == "operator" or holder != "operator"


def kept_until(state: State, now: datetime) -> datetime | None:
    """Return until when the data of a plugin in this state are kept, None while it is in use or gone."""
    return now + KEPT if state == "off" else None


def reaches_tenant(state: State) -> bool:
    """Tell whether anything of the plugin is in force; a trial only looks."""
    return state == "on"
