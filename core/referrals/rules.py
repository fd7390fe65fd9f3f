"""What a referral has to pass: its steps, its checks and its codes, without a database or a clock."""

import re
import secrets
import unicodedata
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

from core.hooks.records.loyalty.offers import Referral

State = Literal["invited", "registered", "qualified", "held", "rewarded", "rejected", "reversed", "expired"]
STATES: Final[tuple[State, ...]] = (
    "invited",
    "registered",
    "qualified",
    "held",
    "rewarded",
    "rejected",
    "reversed",
    "expired",
)
OPEN: Final = frozenset({"invited", "registered", "qualified"})
Side = Literal["referrer", "referee"]
MAX_REASON: Final = 500
TAKE_BACK_DAYS: Final = 180
"""Own design: a purchase that is refunded later than so many days after the reward takes nothing back any more."""
DEVICE_DAYS: Final = 180
"""So long the hash of a phone stays with a case; after that nobody needs it."""
# Without 0 O, 1 I L, 2 Z, 5 S, 8 B, U V: what sounds or looks alike on the phone.
ALPHABET: Final = "34679ACDEFGHJKMNPQRTWXY"
SHORT, SLIP = 5, 6
_ADDRESS = re.compile(r"/i/([a-z0-9]{20,60})", re.IGNORECASE)
_COMPOUND: Final = (
    "欧阳",
    "上官",
    "司马",
    "诸葛",
    "尉迟",
    "万俟",
    "长孙",
    "单于",
    "夏侯",
    "皇甫",
    "东方",
    "慕容",
    "司徒",
    "令狐",
)
_CJK = re.compile(r"[\u3400-\u9fff]+")


class Failed(msgspec.Struct, frozen=True):
    """A check that was not passed, with what its explanation needs."""

    code: str
    params: dict[str, str | int] = {}


class PairFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about the two people of a case when it is judged."""

    same_household: bool = False
    shared_phone: bool = False
    payer: str = ""
    """What both paid with: the last digits of a card, an account; empty when nothing is shared."""
    same_device: int = 0
    """Other newcomers whom this member's link brought from the very same phone."""
    before: str = ""
    """Why the newcomer is none: `purchase` or `visit` or `record` from before the day of the registration."""
    in_month: int = 0
    """How many this member was rewarded for in this month already."""
    staff: str = ""
    """The name of the member of staff that one of the two is or shares a phone with."""


def failed_checks(rule: Referral, facts: PairFacts, *, cleared: Collection[str] = ()) -> tuple[Failed, ...]:
    """Say which of the rule's checks are not passed; what somebody has looked at and let pass is not asked again."""
    found = {
        "household": Failed("household") if facts.same_household else None,
        "phone": Failed("phone") if facts.shared_phone else None,
        "payer": Failed("payer", {"payer": facts.payer}) if facts.payer else None,
        "device": Failed("device", {"others": facts.same_device}) if facts.same_device else None,
        "existing": Failed("existing", {"why": facts.before}) if facts.before else None,
        "monthly": Failed("monthly", {"done": facts.in_month, "limit": rule.monthly_limit})
        if facts.in_month >= rule.monthly_limit
        else None,
        "staff": Failed("staff", {"name": facts.staff}) if facts.staff else None,
    }
    asked = (found[code] for code in rule.checks if code not in cleared)
    return tuple(one for one in asked if one is not None)


class Spent(msgspec.Struct, frozen=True):
    """The newcomer's first purchase that reaches the minimum and was not taken back below it."""

    purchase_id: UUID
    occurred_at: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a case stands."""

    state: str
    expires_at: datetime
    hold_until: datetime | None = None
    purchase_id: UUID | None = None


Step = Literal["wait", "qualify", "fall_back", "decide", "expire"]


def next_step(standing: Standing, spent: Spent | None, now: datetime) -> Step:
    """Say what is to be done with an open case."""
    if standing.state == "qualified":
        if spent is None and standing.purchase_id is not None:
            return "fall_back"
        if spent is not None and spent.purchase_id != standing.purchase_id:
            return "qualify"
        return "decide" if standing.hold_until is None or standing.hold_until <= now else "wait"
    if standing.state == "registered" and spent is not None:
        return "qualify"
    return "expire" if standing.expires_at <= now else "wait"


def hold_until(rule: Referral, spent: Spent) -> datetime:
    """Until when a refund still undoes the qualification."""
    return spent.occurred_at + timedelta(days=rule.hold_days)


def expires_at(rule: Referral, since: datetime) -> datetime:
    """When an invitation that led to nothing ends."""
    return since + timedelta(days=rule.expires_days)


def sides_at_registration(rule: Referral) -> tuple[Side, ...]:
    """Who is given something at once, when nothing speaks against it."""
    if rule.event == "registered":
        return ("referrer", "referee")
    return ("referee",) if rule.referee_when == "registered" else ()


def sides_left(given: Collection[str]) -> tuple[Side, ...]:
    """Who is still to be given something when a case is decided well."""
    sides: tuple[Side, ...] = ("referrer", "referee")
    return tuple(side for side in sides if side not in given)


def is_current(rule: Referral, today: date) -> bool:
    """The rule counts today: both of its days are included."""
    return (rule.starts_on is None or rule.starts_on <= today) and (rule.ends_on is None or today <= rule.ends_on)


def new_short(length: int = SHORT) -> str:
    """Make a code to say on the phone; it is no secret, for only staff can use it."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


class Typed(msgspec.Struct, frozen=True):
    """What somebody typed or scanned at the desk: a member's short code, a newcomer's slip, or a whole address."""

    short: str = ""
    slip: str = ""
    code: str = ""


def read_code(text: str) -> Typed | None:
    """Read a code as people say and type it: small letters, blanks, dashes, full-width; None when it can be none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    address = _ADDRESS.search(plain)
    if address is not None:
        return Typed(code=address[1].lower())
    word = re.sub(r"[\s\-_.]+", "", plain).upper()
    if not word or any(char not in ALPHABET for char in word):
        return None
    if len(word) == SHORT:
        return Typed(short=word)
    return Typed(slip=word) if len(word) == SLIP else None


def first_name(full_name: str) -> str:
    """What a stranger may know of who invites: 王小明 -> 小明, 欧阳娜娜 -> 娜娜, Mary Ann Smith -> Mary."""
    name = full_name.strip()
    if _CJK.fullmatch(name):
        family = next((one for one in _COMPOUND if name.startswith(one)), name[:1])
        return name[len(family) :] or name
    return name.split()[0] if name else ""


def month_start(today: date) -> date:
    """The first day of the month that the monthly limit counts in."""
    return today.replace(day=1)
