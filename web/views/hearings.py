"""Hearings in words: the states of a hearing, and what those who came may say to its minutes."""

from typing import Final

from web.i18n import N_, gettext

_STATES: Final = {
    "planned": (N_("Planned"), "info"),
    "held": (N_("Held"), "ok"),
    "cancelled": (N_("Called off"), "neutral"),
}


def state_badges() -> dict[str, tuple[str, str]]:
    """The words and the tone of each state."""
    return {state: (gettext(said), tone) for state, (said, tone) in _STATES.items()}
