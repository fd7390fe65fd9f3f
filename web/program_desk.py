"""What the editor of the loyalty rules works on: the draft or the rules in force, and what a tenant may choose from."""

import base64
import hashlib
import zlib
from typing import Any, Final

import msgspec

from core.backtests.checking import get_facts
from core.customers.queries import get_subject_types
from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.points import EarnEvent, TierLadder
from core.hooks.records.loyalty.program import AnyRule, Program, kind_of
from core.hooks.records.text import both
from core.programs.drafts import lock_programs, save_draft
from core.programs.queries import Live, get_draft, get_live
from core.programs.refusals import NoProgram
from core.programs.rules.changes import diff
from core.programs.rules.facts import Facts
from core.programs.rules.versions import Draft
from core.segments.fields import get_fields
from core.uow import Reader, UnitOfWork
from core.visits.queries.prices import list_live_items
from web.formats import money
from web.i18n import catalogue, gettext, localized
from web.request import WebRequest
from web.role_texts import ROLE_NAMES, role_name
from web.rule_forms.fields import Choices, Options
from web.rule_forms.points import EVENTS
from web.screens import tenant_path
from web.views.visits import CATEGORY_NAMES, item_name

LONGEST_PACKED: Final = 2400
"""What is taken away travels in the address of its undo; a cookie of 4 kB holds it."""
_ANY_RULE: Final = msgspec.json.Decoder(AnyRule)


class Working(msgspec.Struct, frozen=True, kw_only=True):
    """The rules as the editor shows them: the draft, or what is in force while nobody has begun one."""

    program: Program
    draft: Draft | None
    live: Live

    @property
    def revision(self) -> int:
        """What the next change is given back with; 0 begins a draft."""
        return self.draft.revision if self.draft else 0

    @property
    def changed(self) -> bool:
        """Whether the draft differs from what is in force."""
        return self.draft is not None and self.draft.digest != self.live.digest


async def get_working(reader: Reader) -> Working:
    """Return the rules to edit; raise NoProgram when no plugin offers any."""
    live = await get_live(reader)
    if live is None:
        raise NoProgram
    draft = await get_draft(reader)
    return Working(program=draft.program if draft else live.program, draft=draft, live=live)


async def get_choices(reader: Reader, program: Program) -> Choices:
    """Return what the inputs of a rule offer, in the reader's language."""
    fields, _ = await get_fields(reader)
    ladder = program.ladder or next((rule for rule in program.rules if isinstance(rule, TierLadder)), None)
    items = await list_live_items(reader)
    events: Options = tuple((code, gettext(words)) for code, words in EVENTS)
    own = dict.fromkeys(rule.event for rule in program.rules if isinstance(rule, EarnEvent))
    return Choices(
        lists={
            "tiers": tuple(
                (tier.code, localized(tier.label) or tier.code) for tier in (ladder.tiers if ladder else ())
            ),
            "services": tuple((item.code, f"{item_name(item)} · {money(item.price_fen)}") for item in items),
            "categories": tuple((code, gettext(name)) for code, name in CATEGORY_NAMES.items()),
            "coupons": tuple(
                (rule.id, localized(rule.label) or rule.id)
                for rule in program.rules
                if isinstance(rule, CouponTemplate)
            ),
            "roles": tuple((code, role_name(code)) for code in ROLE_NAMES),
            "subject_types": tuple((one.id, localized(one.label)) for one in get_subject_types(reader)),
            "events": events + tuple((code, code) for code in own if code not in dict(events)),
        },
        catalogue=fields,
    )


def seen_of(rule: AnyRule | None) -> str:
    """A name for exactly this rule: a form carries it, so that two people on one rule are told of each other."""
    return hashlib.sha256(msgspec.json.encode(rule, order="sorted")).hexdigest()[:12] if rule else ""


def free_id(program: Program, kind: str) -> str:
    """An id for a new rule that no rule of the program has."""
    taken = {rule.id for rule in program.rules}
    number = 1
    while (found := kind if number == 1 else f"{kind}_{number}") in taken:
        number += 1
    return found


def with_rule(program: Program, rule: AnyRule) -> Program:
    """The program with this rule in the place of the one with its id, else behind the last of its kind."""
    rules = list(program.rules)
    place = next((at for at, one in enumerate(rules) if one.id == rule.id), None)
    if place is not None:
        rules[place] = rule
    else:
        last = max((at for at, one in enumerate(rules) if kind_of(one) == kind_of(rule)), default=len(rules) - 1)
        rules.insert(last + 1, rule)
    return msgspec.structs.replace(program, rules=tuple(rules))


def without_rule(program: Program, rule_id: str) -> Program:
    """The program without one rule."""
    return msgspec.structs.replace(program, rules=tuple(rule for rule in program.rules if rule.id != rule_id))


def shifted_rule(program: Program, rule_id: str, by: int) -> Program:
    """The program with a rule changed over with its neighbour of the same kind."""
    rules = list(program.rules)
    rule = program.find(rule_id)
    if rule is None:
        return program
    peers = [at for at, one in enumerate(rules) if kind_of(one) == kind_of(rule)]
    place = next(number for number, at in enumerate(peers) if rules[at].id == rule_id)
    if not 0 <= place + by < len(peers):
        return program
    one, other = peers[place], peers[place + by]
    rules[one], rules[other] = rules[other], rules[one]
    return msgspec.structs.replace(program, rules=tuple(rules))


def copied_rule(program: Program, rule: AnyRule) -> AnyRule:
    """A copy under an id of its own, switched off until somebody has changed it."""
    label = rule.label
    named = {"zh-CN": label} if isinstance(label, str) else dict(label)
    words = {"zh-CN": "（副本）", "en": " (copy)"}
    copy = {tag: text[:50] + words.get(tag, "") for tag, text in named.items() if text}
    return msgspec.structs.replace(rule, id=free_id(program, kind_of(rule)), label=copy or "", live=False)


def other_live_ladder(program: Program, rule: AnyRule) -> AnyRule | None:
    """The ladder in force beside this one: of ladders only one may be."""
    if not isinstance(rule, TierLadder) or not rule.live:
        return None
    return next((one for one in program.live(TierLadder) if one.id != rule.id), None)


def packed(rule: AnyRule) -> str:
    """A rule as text for an address; empty when it is too long for one."""
    text = base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(rule), 9)).decode().rstrip("=")
    return text if len(text) <= LONGEST_PACKED else ""


def unpacked(text: str) -> AnyRule | None:
    """The rule in an address, or None when it is none."""
    try:
        squeezed = base64.urlsafe_b64decode(text[:LONGEST_PACKED] + "=" * (-len(text) % 4))
        plain = zlib.decompressobj().decompress(squeezed, 100_000)
        rule: AnyRule = _ANY_RULE.decode(plain)
    except (ValueError, zlib.error, msgspec.MsgspecError):
        return None
    return rule


async def open_working(uow: UnitOfWork) -> Working:
    """Return the rules to change, behind the lock of the tenant's programs: the newest state, and nobody beside."""
    await lock_programs(uow)
    return await get_working(uow)


async def keep(uow: UnitOfWork, working: Working, program: Program) -> None:
    """Write the draft; rules that came to be as they are in force need none."""
    await save_draft(uow, program=program, revision=working.revision)


async def load_facts(reader: Reader) -> Facts:
    """Return what the checks and sentences must know, with the roles of the staff in both languages."""
    chinese = catalogue("zh_CN")
    roles = tuple((code, both(chinese.gettext(name), name)) for code, name in ROLE_NAMES.items())
    return await get_facts(reader, roles=roles)


def frame_of(request: WebRequest, working: Working, current: str) -> dict[str, Any]:
    """What every page of the draft shows: where it is, its state and its steps."""
    root = tenant_path(request, "/programs")
    here = f"{root}/draft"
    count = len(diff(working.live.program, working.program)) if working.changed else 0
    steps = (
        ("rules", gettext("Rules"), ""),
        ("changes", gettext("Changes"), "/changes"),
        ("try", gettext("Try it on people"), "/try"),
        ("effect", gettext("Effect"), "/effect"),
        ("publish", gettext("Publish"), "/publish"),
    )
    tabs = [
        (label, here + path, name == current, *((count,) if name == "changes" and count else ()))
        for name, label, path in steps
    ]
    return {"root": root, "here": here, "tabs": tabs, "draft": working.draft, "changes_count": count}
