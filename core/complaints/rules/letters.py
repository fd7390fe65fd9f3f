"""Reads a letter by e-mail (RFC 5322): who wrote what, in any charset of Chinese senders, without what was quoted."""

import hashlib
import re
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Final, Literal

import msgspec

MAIL_LIMIT: Final = 25 * 1024 * 1024
LOOP_HEADER: Final = "X-Anxin-Complaint"
"""Every letter of ours carries it; one that comes back with it was sent in a circle."""
MOST_ATTACHMENTS: Final = 10
_MOST_HOPS: Final = 50
_WIDE: Final = {"gb2312", "gbk", "gb_2312-80", "gb18030", "cp936", "x-gbk", "hz-gb-2312"}
_BULK: Final = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
_MACHINES: Final = re.compile(r"^(mailer-daemon|postmaster|bounces?)([+.=-].*)?@", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])C-(\d{4,12})(?!\d)", re.IGNORECASE)
_ID: Final = re.compile(r"<[^<>\s]+>")
_FORWARDED: Final = re.compile(r"^\s*(fwd?|转发|轉寄)\s*[:\uff1a]", re.IGNORECASE)
_REPLY: Final = re.compile(r"^\s*((re|aw|sv|回复|答复|回覆)\s*(\[\d+\])?\s*[:\uff1a]\s*)+", re.IGNORECASE)
_CUTS: Final = (
    re.compile(
        r"^[\s>]*-{2,}\s*(original message|原始邮件|原邮件|回复的原邮件|forwarded message)\s*-{2,}", re.IGNORECASE
    ),
    re.compile(r"^\s*_{20,}\s*$"),
    re.compile(r"^\s*on\b.{4,200}\bwrote\s*[:\uff1a]\s*$", re.IGNORECASE),
    re.compile(r"^\s*(在|于)?\s*\d{4}\s*[-年/.].{0,160}写道\s*[:\uff1a]\s*$"),
    re.compile(r"^\s*[^\s].{0,120}(于|在)\s*\d{4}\s*[-年/.].{0,60}写道\s*[:\uff1a]\s*$"),
    re.compile(r"^\s*(发件人|寄件者)\s*[:\uff1a].+$"),
    re.compile(r"^\s*from\s*:.+@.+$", re.IGNORECASE),
)
_SIGNATURE: Final = re.compile(r"^--\s?$")
_BLOCKS: Final = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol"}
_UNSEEN: Final = {"style", "script", "head", "title"}

Why = Literal["too_large", "no_sender", "empty", "automatic", "bounce", "loop", "bulk"]


class MailRefused(ValueError):
    """The letter is no complaint of a person: what it is instead."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Attachment(msgspec.Struct, frozen=True):
    """A file that came with a letter."""

    filename: str
    content: bytes


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wrote to us."""

    message_id: str
    sender: str
    sender_name: str
    subject: str
    text: str
    references: tuple[str, ...] = ()
    """Ids of the letters that it answers, the nearest first."""
    number: int | None = None
    """The complaint that its subject names: `C-0012`."""
    attachments: tuple[Attachment, ...] = ()
    left_out: int = 0
    """Attachments beyond MOST_ATTACHMENTS."""

    @property
    def about(self) -> str:
        """The subject without the words of answering."""
        return _REPLY.sub("", self.subject).strip()


def read_mail(raw: bytes) -> Letter:
    """Read a letter; raise MailRefused for what no person wrote, or what says nothing."""
    if len(raw) > MAIL_LIMIT:
        raise MailRefused("too_large")
    message = message_from_bytes(raw)
    _refuse_machines(message)
    name, address = parseaddr(header_text(message.get("From")))
    if "@" not in address:
        raise MailRefused("no_sender")
    if _MACHINES.match(address):
        raise MailRefused("bounce")
    subject = " ".join(header_text(message.get("Subject")).split())
    plain, attachments = _parts(message)
    text = plain.strip() if _FORWARDED.match(subject) else without_quotes(plain)
    if not text and not subject and not attachments:
        raise MailRefused("empty")
    near = _ID.findall(str(message.get("In-Reply-To", "")))
    far = list(reversed(_ID.findall(str(message.get("References", "")))))
    number = _NUMBER.search(subject)
    return Letter(
        message_id=_own_id(message, raw),
        sender=address.strip().lower(),
        sender_name=" ".join(name.split()),
        subject=subject,
        text=text,
        references=tuple(dict.fromkeys((*near, *far))),
        number=int(number.group(1)) if number else None,
        attachments=tuple(attachments[:MOST_ATTACHMENTS]),
        left_out=max(0, len(attachments) - MOST_ATTACHMENTS),
    )


def _own_id(message: Message, raw: bytes) -> str:
    """Its Message-ID; a letter without one is known by its bytes."""
    found = _ID.search(str(message.get("Message-ID", "")))
    return found.group()[:500] if found else f"<{hashlib.sha256(raw).hexdigest()}@no-id>"


def _refuse_machines(message: Message) -> None:
    """Answering machines, bounces, lists and our own letters are nobody's complaint (RFC 3834)."""
    if message.get(LOOP_HEADER) is not None or len(message.get_all("Received", [])) > _MOST_HOPS:
        raise MailRefused("loop")
    if message.get_content_type() == "multipart/report" or str(message.get("Return-Path", "")).strip() == "<>":
        raise MailRefused("bounce")
    submitted = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    if submitted != "no" or any(message.get(name) for name in ("X-Autoreply", "X-Autorespond")):
        raise MailRefused("automatic")
    precedence = str(message.get("Precedence", "")).strip().lower()
    if precedence in _BULK or message.get("List-Id") or message.get("List-Unsubscribe"):
        raise MailRefused("automatic" if precedence.startswith("auto") else "bulk")


def header_text(value: object) -> str:
    """Return a header's words, whatever charset they are in or claim to be in."""
    if value is None:
        return ""
    try:
        pieces = decode_header(value)  # type: ignore[arg-type] # the parser gives str or Header; decode_header takes both
    except HeaderParseError:
        return str(value)
    words = [_decoded(piece, charset) if isinstance(piece, bytes) else _mended(piece) for piece, charset in pieces]
    return "".join(words).replace("\x00", "")


def _mended(text: str) -> str:
    """Raw 8-bit headers come as surrogates; read them as bytes again."""
    return _decoded(text.encode("utf-8", "surrogateescape"), None)


def _decoded(content: bytes, charset: str | None) -> str:
    """Try what is claimed (all the GB sets as the widest), UTF-8 and GB18030, and at last what can be read of it."""
    claimed = (charset or "").strip().strip("\"'").lower()
    wanted = "gb18030" if claimed in _WIDE else claimed
    # What is claimed as ASCII or "unknown" says nothing.
    trusted = wanted and wanted not in {"us-ascii", "ascii", "unknown-8bit", "unknown", "default"}
    for name in ((wanted,) if trusted else ()) + ("utf-8", "gb18030"):
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("utf-8", "replace")


def _parts(message: Message) -> tuple[str, list[Attachment]]:
    """The words, plain before HTML, and the files; a letter inside the letter is left alone."""
    plain: list[str] = []
    marked: list[str] = []
    files: list[Attachment] = []
    for part in _leaves(message):
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        kind, name = part.get_content_type(), header_text(part.get_filename())
        attached = part.get_content_disposition() == "attachment"
        if kind in {"text/plain", "text/html"} and not attached and not name:
            text = _decoded(content, part.get_content_charset())
            (plain if kind == "text/plain" else marked).append(text)
        elif content:
            files.append(Attachment(name or "attachment", content))
    words = "\n".join(plain)
    if not words.strip() and marked:
        words = "\n".join(text_of_html(one) for one in marked)
    return words.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").replace("\u00a0", " "), files


def _leaves(message: Message) -> list[Message]:
    leaves: list[Message] = []
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        if part.get_content_maintype() == "message":
            continue
        inner = part.get_payload()
        if isinstance(inner, list):
            waiting[:0] = [one for one in inner if isinstance(one, Message)]
        else:
            leaves.append(part)
    return leaves


def without_quotes(text: str) -> str:
    """Return what was written now: the quoted letter below and the signature are cut, quoted lines left out."""
    kept: list[str] = []
    for line in text.split("\n"):
        if _SIGNATURE.match(line) or any(cut.match(line) for cut in _CUTS):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
    words = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    # Somebody who answered below or between the quoted lines has lost nothing.
    return words or re.sub(r"^[ \t]*>+[ \t]?", "", text, flags=re.MULTILINE).strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0
        self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        self._quoted += tag == "blockquote"
        if tag in _BLOCKS:
            self.pieces.append("\n")
        if any(name == "id" and value in {"divRplyFwdMsg", "isReplyContent"} for name, value in attrs):
            self.pieces.append("\n-----Original Message-----\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        self._quoted = max(0, self._quoted - (tag == "blockquote"))
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            words = re.sub(r"\s+", " ", data)
            self.pieces.append(f"\n> {words}" if self._quoted and words.strip() else words)


def text_of_html(html: str) -> str:
    """Return the words of an HTML letter; a block quote becomes quoted lines."""
    parser = _Words()
    parser.feed(html)
    parser.close()
    lines = (line.strip() for line in "".join(parser.pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
