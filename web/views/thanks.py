"""Referrals, reviews and birthday gifts on a customer's timeline."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.hooks.records.text import Text
from web.i18n import N_, gettext, localized


class ThanksText(msgspec.Struct, frozen=True):
    """A kind of entry: its msgid, icon and tone."""

    title: str
    icon: str
    state: str = "neutral"


THANKS: Final[dict[str, ThanksText]] = {
    "referral_registered": ThanksText(N_("Came through an invitation"), "user-plus"),
    "referral_rewarded": ThanksText(N_("Rewarded for an invitation"), "gift", "ok"),
    "referral_reversed": ThanksText(N_("The reward of an invitation was taken back"), "undo-2", "warn"),
    "review_shown": ThanksText(N_("Showed a review"), "star"),
    "review_approved": ThanksText(N_("Rewarded for a review"), "gift", "ok"),
    "review_rejected": ThanksText(N_("A review was not rewarded"), "circle-x"),
    "birthday_gift": ThanksText(N_("Fetched a birthday gift"), "cake", "ok"),
}
THANKS_KINDS: Final = tuple(THANKS)
_SIDES: Final = {"referrer": N_("as the member who invited"), "referee": N_("as the newcomer")}


def thanks_body(kind: str, data: Mapping[str, Any]) -> str:
    """What the entry says besides its title: the number, the side, or whose birthday and what was chosen."""
    if kind == "birthday_gift":
        reward = data.get("reward") or {}
        label: Text = reward.get("label") or reward.get("item") or ""
        return " · ".join(part for part in (str(data.get("name", "")), localized(label) if label else "") if part)
    letter = "R" if kind.startswith("referral") else "D"
    number = f"{letter}-{int(data['number']):04d}" if "number" in data else ""
    side = gettext(_SIDES[data["side"]]) if data.get("side") in _SIDES else ""
    return " · ".join(part for part in (number, side) if part)
