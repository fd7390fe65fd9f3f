"""What a review has to show: a link of its platform, a picture nobody showed before, and an approver who is not concerned."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from core.errors import FieldProblem
from core.hooks.records.loyalty.offers import ReviewReward

MAX_LINK, MAX_REASON = 500, 500
LINK_DAYS: Final = 14
"""So long a customer's address to show a review is open."""
# Hosts of the platforms that the documents name (大众点评/美团等平台) and of those that stand beside them on a phone. Own
# design: a platform that is not here takes any link.
HOSTS: Final[dict[str, tuple[str, ...]]] = {
    "dianping": ("dianping.com", "dpurl.cn"),
    "meituan": ("meituan.com", "dpurl.cn"),
    "xiaohongshu": ("xiaohongshu.com", "xhslink.com"),
    "douyin": ("douyin.com", "iesdouyin.com"),
    "weibo": ("weibo.com", "weibo.cn"),
    "amap": ("amap.com",),
    "baidu_map": ("map.baidu.com", "j.map.baidu.com"),
    "taobao": ("taobao.com", "tb.cn", "tmall.com"),
    "jd": ("jd.com", "3.cn"),
}
ALIKE: Final = 6
"""So many of 64 bits may differ between two pictures that are taken for one: a crop or another size changes about three."""
_URL = re.compile(r"https?://[^\s，。；、）)】]+", re.IGNORECASE)


class Failed(msgspec.Struct, frozen=True):
    """Something that speaks against a claim, with what its explanation needs."""

    code: str
    params: dict[str, str | int] = {}


def find_link(text: str) -> str:
    """The address in what an app shares: 「... http://dpurl.cn/abc 来自大众点评」; empty when there is none."""
    found = _URL.search(text)
    return found[0] if found else ""


def link_key(link: str) -> str:
    """The address without what changes from share to share: scheme, www, query, mark, last slash; lower-case host."""
    parts = urlsplit(link)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    return f"{host}{parts.path.rstrip('/')}" if host else ""


def fits_platform(link: str, platform: str) -> bool:
    """The link's host is the platform's or below it; a platform whose hosts nobody listed takes any."""
    hosts = HOSTS.get(platform)
    host = (urlsplit(link).hostname or "").lower()
    return hosts is None or any(host == one or host.endswith(f".{one}") for one in hosts)


def claim_problems(
    rule: ReviewReward, *, platform: str, text: str, has_picture: bool, choice: int | None
) -> tuple[FieldProblem, ...]:
    """Say everything that is wrong with a claim at once."""
    problems = []
    link = find_link(text)
    if platform not in {code for code, _ in rule.platforms}:
        problems.append(FieldProblem("platform", "required"))
    if len(text) > MAX_LINK:
        problems.append(FieldProblem("link", "too-long", {"max": MAX_LINK}))
    elif not link and (text or not has_picture):
        problems.append(FieldProblem("link", "no-link" if text else "link-or-picture"))
    elif link and not fits_platform(link, platform):
        problems.append(FieldProblem("link", "other-platform"))
    if rule.needs_picture and not has_picture:
        problems.append(FieldProblem("picture", "required"))
    if choice is not None and not 0 <= choice < len(rule.choose_one_of):
        problems.append(FieldProblem("choice", "required"))
    return tuple(problems)


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that was there before, of whomever."""

    number: int
    same_customer: bool
    sha256: str | None = None
    look: int | None = None
    link_key: str = ""


def proof_checks(
    earlier: Iterable[Earlier], *, sha256: str | None, look: int | None, key: str, visit_known: bool
) -> tuple[Failed, ...]:
    """Say what the proof shares with an earlier claim: the very picture, one that looks the same, or the link."""
    found: dict[str, Failed] = {}
    for one in earlier:
        told: dict[str, str | int] = {"number": one.number, "same": "yes" if one.same_customer else "no"}
        if sha256 is not None and one.sha256 == sha256:
            found.setdefault("picture", Failed("picture", told))
        elif look is not None and one.look is not None and distance(look, one.look) <= ALIKE:
            found.setdefault("alike", Failed("alike", told))
        if key and one.link_key == key:
            found.setdefault("link", Failed("link", told))
    if not visit_known:
        found["no_visit"] = Failed("no_visit")
    return tuple(found[code] for code in ("picture", "alike", "link", "no_visit") if code in found)


def distance(one: int, other: int) -> int:
    """In how many of their 64 bits two looks differ."""
    return ((one ^ other) & 0xFFFFFFFFFFFFFFFF).bit_count()


def next_claim_at(rule: ReviewReward, filed: Iterable[datetime]) -> datetime | None:
    """When the next claim on a platform may be filed, given when the last ones were; None: at any time."""
    last = max(filed, default=None)
    return last + timedelta(days=rule.cooldown_days) if last is not None and rule.cooldown_days else None


def approver_problem(approver: UUID | None, *, concerned: Collection[UUID], filed_by: UUID | None) -> str | None:
    """Why somebody must not decide a claim: they were reviewed, or they filed it at the desk themselves."""
    if approver is not None and approver in concerned:
        return "reviewed"
    return "filed" if approver is not None and approver == filed_by else None
