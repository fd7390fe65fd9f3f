"""Where a complaint came from: one record for each channel with its own fields and checks, and what makes two the same."""

import re
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec

from core.errors import FieldProblem
from core.hooks.records.complaints import Channel

LINE_LIMIT: Final = 200
ADDRESS_LIMIT: Final = 1000
STARS: Final = 5
REACH_LIMIT: Final = 10**10
_AHEAD: Final = timedelta(minutes=5)
"""A telephone's clock may run ahead by so much."""
_MAIL_ADDRESS: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+")


class _Source(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What all sources share: nothing but the tag."""


class PhoneCall(_Source, frozen=True, kw_only=True, tag="phone"):
    """Somebody called."""

    called_at: datetime | None = None
    """When the call came in; later than now is a slip."""


class InPerson(_Source, frozen=True, kw_only=True, tag="in_person"):
    """Somebody stood at the desk."""

    place: str = ""


class WebPage(_Source, frozen=True, kw_only=True, tag="web"):
    """The phone page behind a branch's poster."""


class OnlineChat(_Source, frozen=True, kw_only=True, tag="online_chat"):
    """A chat: WeChat, the group of customers, an online consultation."""

    tool: str = ""
    account: str = ""


class Email(_Source, frozen=True, kw_only=True, tag="email"):
    """A letter by e-mail."""

    sender: str
    subject: str = ""
    message_id: str = ""


class SocialPost(_Source, frozen=True, kw_only=True, tag="social_media"):
    """A post that everybody can read; nobody may have told us."""

    platform: str
    account: str = ""
    address: str = ""
    reach: int | None = None
    """How many have seen it, as the platform says."""


class PlatformReview(_Source, frozen=True, kw_only=True, tag="review_platform"):
    """A review on Dianping, Meituan and the like."""

    platform: str
    stars: int | None = None
    address: str = ""
    account: str = ""


class RegulatorNotice(_Source, frozen=True, kw_only=True, tag="regulator"):
    """A notice of an authority; its own deadlines run in addition to ours."""

    authority: str
    case_number: str
    received_on: date | None = None
    deadline: date | None = None


class ApiCall(_Source, frozen=True, kw_only=True, tag="api"):
    """Another program filed it with its key."""

    key_name: str
    reference: str = ""
    """What the other program calls it."""


Source = PhoneCall | InPerson | WebPage | OnlineChat | Email | SocialPost | PlatformReview | RegulatorNotice | ApiCall
SOURCES: Final[dict[Channel, type[Source]]] = {
    "phone": PhoneCall,
    "in_person": InPerson,
    "web": WebPage,
    "online_chat": OnlineChat,
    "email": Email,
    "social_media": SocialPost,
    "review_platform": PlatformReview,
    "regulator": RegulatorNotice,
    "api": ApiCall,
}
_REQUIRED: Final = ("platform", "authority", "case_number", "sender", "key_name")
_LIMITS: Final = {"address": ADDRESS_LIMIT, "message_id": ADDRESS_LIMIT, "subject": ADDRESS_LIMIT}


def channel_of(source: Source) -> Channel:
    """Return the channel that a source belongs to."""
    return next(channel for channel, kind in SOURCES.items() if isinstance(source, kind))


def source_problems(source: Source, *, now: datetime, today: date) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a source, at `source.<field>`.

    Args:
        source: as it was typed.
        now: the instant.
        today: the date where the tenant is.
    """
    problems = []
    for name in source.__struct_fields__:
        value = getattr(source, name)
        if not isinstance(value, str):
            continue
        if not value.strip() and name in _REQUIRED:
            problems.append(FieldProblem(f"source.{name}", "required"))
        elif len(value) > _LIMITS.get(name, LINE_LIMIT):
            problems.append(FieldProblem(f"source.{name}", "too-long", {"max": _LIMITS.get(name, LINE_LIMIT)}))
        elif name == "address" and value.strip() and not _is_address(value):
            problems.append(FieldProblem("source.address", "address"))
    return (*problems, *_own_problems(source, now, today))


def _own_problems(source: Source, now: datetime, today: date) -> list[FieldProblem]:
    """The checks of one kind alone."""
    match source:
        case PhoneCall(called_at=at) if at is not None and (at.tzinfo is None or at > now + _AHEAD):
            return [FieldProblem("source.called_at", "in-future")]
        case Email(sender=sender) if sender.strip() and not _MAIL_ADDRESS.search(sender):
            return [FieldProblem("source.sender", "email")]
        case SocialPost(reach=int(reach)) if not 0 <= reach <= REACH_LIMIT:
            return [FieldProblem("source.reach", "range", {"min": 0, "max": REACH_LIMIT})]
        case PlatformReview(stars=int(stars)) if not 1 <= stars <= STARS:
            return [FieldProblem("source.stars", "stars", {"max": STARS})]
        case RegulatorNotice() as notice:
            return _notice_problems(notice, today)
    return []


def _notice_problems(notice: RegulatorNotice, today: date) -> list[FieldProblem]:
    problems = []
    if notice.received_on is not None and notice.received_on > today:
        problems.append(FieldProblem("source.received_on", "in-future"))
    if notice.deadline is not None and notice.deadline < (notice.received_on or today):
        problems.append(FieldProblem("source.deadline", "before-received"))
    return problems


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", text.strip())


def is_way_back(source: Source | None) -> bool:
    """Tell whether we know whom to answer, or whom to look up, without a telephone number."""
    match source:
        case Email() | RegulatorNotice():
            return True
        case SocialPost() | PlatformReview():
            return bool(source.account.strip() or source.address.strip())
        case OnlineChat():
            return bool(source.account.strip())
        case ApiCall():
            return bool(source.reference.strip())
    return False


def source_key(source: Source | None) -> str | None:
    """Return what two complaints about the same post, notice or letter have in common; None when nothing can tell."""
    match source:
        case SocialPost(address=address) | PlatformReview(address=address) if address.strip():
            return f"post:{_plain_address(address)}"
        case RegulatorNotice(case_number=number):
            return f"regulator:{_plain_number(number)}"
        case Email(message_id=message_id) if message_id.strip():
            return f"mail:{message_id.strip()}"
        case ApiCall(key_name=name, reference=reference) if reference.strip():
            return f"api:{name}:{reference.strip()}"
    return None


def _plain_address(text: str) -> str:
    """The place of a post without what sharing adds: the query's trackers, the fragment, `www.` and `m.`."""
    parts = urlsplit(text.strip())
    host = re.sub(r"^(www|m|h5|mobile)\.", "", (parts.hostname or "").lower())
    kept = sorted(
        pair
        for pair in parts.query.split("&")
        if re.match(r"(id|note_?id|item_?id|review_?id|shop_?id|aweme_?id|v)=", pair)
    )
    return f"{host}{parts.path.rstrip('/')}" + (f"?{'&'.join(kept)}" if kept else "")


def _plain_number(text: str) -> str:
    """A notice's number as people retype it: width, brackets, blanks and case aside."""
    table = str.maketrans("（）〔〕［］【】－—０１２３４５６７８９", "()[][][]--0123456789")
    return re.sub(r"[\s()\[\]]", "", text.translate(table)).upper()
