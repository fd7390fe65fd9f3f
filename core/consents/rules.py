"""A consent as sealed words: what was shown, who signed, and how each link holds on to the one before it."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from core.chains import Break, Follower, Link, Sealed
from core.errors import FieldProblem
from core.forms.rules import FieldView, FormView
from core.hooks.records.forms import Form, SignatureField

Role = Literal["self", "owner", "guardian"]
ROLES: tuple[Role, ...] = ("self", "owner", "guardian")


class Witness(msgspec.Struct, frozen=True):
    """Where the signature came from, as the server saw it."""

    ip: str = ""
    user_agent: str = ""


class Signer(msgspec.Struct, frozen=True):
    """Who signed, and as whom."""

    name: str
    role: Role


class SignedBody(msgspec.Struct, frozen=True, kw_only=True, tag="signed", tag_field="kind"):
    """What is sealed of a signature; its canonical JSON is kept letter by letter."""

    chain: str
    seq: int
    previous: str
    form: str
    version: str
    submission: str
    answers: dict[str, Any]
    text: tuple[tuple[str, str], ...]
    """Every word the signer was shown, with the path of its field."""
    signer: str
    role: Role
    signed_at: str
    ip: str
    user_agent: str


class WithdrawnBody(msgspec.Struct, frozen=True, kw_only=True, tag="withdrawn", tag_field="kind"):
    """What is sealed of a withdrawal; `of` is the seal that no longer counts."""

    chain: str
    seq: int
    previous: str
    form: str
    submission: str
    of: str
    reason: str
    by: str
    signed_at: str
    ip: str
    user_agent: str


def read_body(body: str) -> SignedBody | WithdrawnBody:
    """Return the sealed words; raise ValueError when they are none."""
    try:
        return msgspec.json.decode(body, type=SignedBody | WithdrawnBody)
    except msgspec.MsgspecError as fault:
        raise ValueError("not a sealed body") from fault


class Verifier(Follower):
    """Follows chains of consents; a withdrawal takes back a signature that still counts (withdraws_nothing)."""

    def __init__(self) -> None:
        super().__init__()
        self._counting: dict[str, set[str]] = {}

    def read(self, body: str) -> SignedBody | WithdrawnBody:
        """Return the sealed words."""
        return read_body(body)

    def objection(self, link: Link, body: Sealed) -> str | None:
        """Note a signature; a withdrawal needs one that still counts."""
        open_ones = self._counting.setdefault(link.chain, set())
        if not isinstance(body, WithdrawnBody):
            open_ones.add(link.seal)
            return None
        known = body.of in open_ones
        open_ones.discard(body.of)
        return None if known else "withdraws_nothing"


def first_break(links: Iterable[Link]) -> Break | None:
    """Return the first link that does not hold, or None when all of them do."""
    verifier = Verifier()
    for link in links:
        found = verifier.follow(link)
        if found is not None:
            return found
    return None


def shown_text(view: FormView) -> tuple[tuple[str, str], ...]:
    """Every word of the page that the signer saw: title, introduction, sections, labels, risks, what is signed."""
    found = [("", view.title), ("", view.intro)]
    for section in view.sections:
        found += [("", section.title), ("", section.help)]
        for field in section.fields:
            found += _words(field)
    return tuple((path, words) for path, words in found if words)


def _words(field: FieldView) -> list[tuple[str, str]]:
    if not field.visible:
        return []
    own = (field.risk, field.countermeasure, field.label, field.help, field.text)
    found = [(field.name, words) for words in own]
    inner = field.fields + tuple(one for row in field.rows for one in row.fields)
    return found + [pair for one in inner for pair in _words(one)]


def signature_of(form: Form) -> SignatureField | None:
    """The signature that makes the form a consent: the last one outside groups."""
    return next((field for field in reversed(form.fields) if isinstance(field, SignatureField)), None)


def signer_of(form: Form, data: dict[str, Any], *, known_name: str, has_subject: bool) -> Signer | FieldProblem:
    """Who signed by the answers; `known_name` is the customer's, for a form that does not ask.

    Returns:
        The signer, or what is missing at its field: nobody signs without a signature and a name.
    """
    field = signature_of(form)
    given = data.get(field.key) if field is not None else None
    if field is None or not given:
        return FieldProblem(field.key if field else "", "not_signed")
    typed = given.get("name") if isinstance(given, dict) else given
    asked = data.get(field.signer_key) if field.signer_key else None
    name = str(asked or typed or known_name).strip()
    if not name:
        return FieldProblem(field.signer_key or field.key, "required")
    said = data.get(field.role_key) if field.role_key else None
    usual: Role = "owner" if has_subject else "self"
    role: Role | None = usual if said is None else next((one for one in ROLES if one == said), None)
    return Signer(name, role) if role is not None else FieldProblem(field.role_key or field.key, "option")
