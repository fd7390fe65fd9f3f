"""Evidence as sealed words: what is added, what a seal says, who looked when, and what a piece of evidence may be."""

from typing import Final, Literal

import msgspec

from core.chains import Follower, Sealed
from core.errors import FieldProblem
from core.files.rules import FileRefused, Kind, clean_filename, kind_of
from core.files.rules.kinds import IMAGES, PDF
from core.files.rules.sounds import SOUNDS

EvidenceKind = Literal[
    "medical_record", "video", "call_recording", "chat_record", "consent", "bill", "sensor", "photo", "note", "other"
]
# 宠物医院客户投诉应急预案: 病历记录、监控录像、沟通录音、沟通记录; 客户服务策略: 知情同意书、监控、电子账单;
# 医美: 咨询录音、手术室温湿度传感. The first seven are what categories name in `Category.evidence`.
KINDS: Final[tuple[EvidenceKind, ...]] = (
    *(
        "medical_record",
        "video",
        "call_recording",
        "chat_record",
        "consent",
        "bill",
        "sensor",
        "photo",
        "note",
        "other",
    ),
)
Secured = Literal["records", "video", "messages"]
SECURED: Final[tuple[Secured, ...]] = ("records", "video", "messages")
# 应急预案 §3.3: 封存病历、拷贝监控、保存沟通记录. Which kinds of evidence stand for which of the three.
SECURES: Final[dict[str, Secured]] = {
    "medical_record": "records",
    "consent": "records",
    "video": "video",
    "call_recording": "messages",
    "chat_record": "messages",
}
MAX_LABEL: Final = 120
MAX_REASON: Final = 500
MAX_NOTE: Final = 100_000
MAX_BYTES: Final = 100_000_000
TEXT: Final = "text/plain"
FILMS: Final = ("video/mp4", "video/webm", "video/quicktime")
ACCEPTED: Final = (*IMAGES, PDF, *SOUNDS)

Act = Literal[
    "added",
    "sealed",
    "looked",
    "downloaded",
    "exported",
    "dossier_taken",
    "handed_over",
    "hold_placed",
    "hold_lifted",
    "released",
    "withheld",
    "verified",
]


class AddedBody(msgspec.Struct, frozen=True, kw_only=True, tag="added", tag_field="act"):
    """A piece of evidence as it is sealed; the file is named by its hash."""

    chain: str
    seq: int
    previous: str
    evidence: str
    kind: str
    label: str
    file: str
    filename: str
    media_type: str
    size: int
    sha256: str
    origin: str
    """`upload`, `note`, or `intake`: kept from the complaint itself, pictures without the place they were taken."""
    by: str
    at: str


class SealedBody(msgspec.Struct, frozen=True, kw_only=True, tag="sealed", tag_field="act"):
    """封存: everything before this link is fixed; what comes after is an addition."""

    chain: str
    seq: int
    previous: str
    evidence: str
    items: int
    secured: tuple[str, ...]
    missing: str
    reason: str
    by: str
    at: str


class CustodyBody(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the custody log."""

    chain: str
    seq: int
    previous: str
    act: str
    evidence: str
    reason: str
    by_kind: str
    by_id: str
    by: str
    at: str


def read_evidence(body: str) -> AddedBody | SealedBody:
    """Return the sealed words of a link; raise ValueError when they are none."""
    try:
        return msgspec.json.decode(body, type=AddedBody | SealedBody)
    except msgspec.MsgspecError as fault:
        raise ValueError("not a sealed body") from fault


def read_custody(body: str) -> CustodyBody:
    """Return a line of the custody log; raise ValueError when it is none."""
    try:
        return msgspec.json.decode(body, type=CustodyBody)
    except msgspec.MsgspecError as fault:
        raise ValueError("not a line of custody") from fault


class EvidenceFollower(Follower):
    """Follows chains of evidence."""

    def read(self, body: str) -> Sealed:
        """Return the sealed words."""
        return read_evidence(body)


class CustodyFollower(Follower):
    """Follows custody logs."""

    def read(self, body: str) -> Sealed:
        """Return the line."""
        return read_custody(body)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying found: where, and what does not hold.

    Reasons, beside those of every chain: other_record, file_changed, file_missing, cut_off, no_head, unlisted.
    """

    case: str
    part: Literal["evidence", "custody", "dossier"]
    seq: int
    reason: str
    label: str = ""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What held and what did not."""

    cases: int = 0
    links: int = 0
    custody: int = 0
    files: int = 0
    erased: int = 0
    """Links of people who were erased: only their hashes are left."""
    unread: int = 0
    """Files that were not hashed anew, for they are too large to be read in passing."""
    faults: tuple[Fault, ...] = ()


def identify(content: bytes, *, filename: str, max_bytes: int = MAX_BYTES) -> Kind:
    """Say what a file is, taken as it came; raise FileRefused for what could be no evidence: empty, too large, a program.

    What we cannot draw or play is taken too, as a file of no known kind: evidence is not ours to choose.
    """
    try:
        return kind_of(content, filename=filename, accept=ACCEPTED, max_bytes=max_bytes)
    except FileRefused as refused:
        if refused.code not in {"file_kind", "file_heic"}:
            raise
        found = str(refused.params.get("found", ""))
    film = _film(content) or (found if found in FILMS else "")
    if film:
        return Kind(
            film, clean_filename(filename, {"video/webm": ".webm", "video/quicktime": ".mov"}.get(film, ".mp4"))
        )
    if _is_text(content):
        return Kind(TEXT, clean_filename(filename, ".txt"))
    stem, dot, ending = filename.rpartition(".")
    kept = (
        f".{ending.lower()}" if dot and stem and ending.isascii() and ending.isalnum() and len(ending) <= 5 else ".bin"
    )
    return Kind("application/octet-stream", clean_filename(filename, kept))


def _film(content: bytes) -> str:
    if content[4:8] == b"ftyp" and content[8:12] not in {b"heic", b"heix", b"mif1", b"heif", b"avif", b"msf1"}:
        return "video/quicktime" if content[8:12] == b"qt  " else "video/mp4"
    return "video/webm" if content.startswith(b"\x1a\x45\xdf\xa3") else ""


def _is_text(content: bytes) -> bool:
    """A chat export or a log: UTF-8 or Chinese GB 18030, without control characters."""
    for encoding in ("utf-8", "gb18030"):
        try:
            words = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(char < " " and char not in "\t\r\n" for char in words)
    return False


def words_of(content: bytes) -> str:
    """The words of a text, in whichever of the two encodings it came."""
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return content.decode("gb18030", "replace")


def label_problems(kind: str, label: str) -> tuple[FieldProblem, ...]:
    """What is wrong with how a piece of evidence is named."""
    problems = [] if kind in KINDS else [FieldProblem("kind", "bad-choice")]
    if len(label) > MAX_LABEL:
        problems.append(FieldProblem("label", "too-long", {"max": MAX_LABEL}))
    return tuple(problems)


def reason_problems(reason: str, *, path: str = "reason", required: bool = True) -> tuple[FieldProblem, ...]:
    """What is wrong with words that say why."""
    if required and not reason:
        return (FieldProblem(path, "required"),)
    return (FieldProblem(path, "too-long", {"max": MAX_REASON}),) if len(reason) > MAX_REASON else ()


def secured_by(kinds: frozenset[str]) -> tuple[Secured, ...]:
    """Which of the three the evidence so far stands for."""
    found = {SECURES[kind] for kind in kinds if kind in SECURES}
    return tuple(one for one in SECURED if one in found)


def checklist(wanted: tuple[str, ...], kinds: frozenset[str]) -> tuple[tuple[str, bool], ...]:
    """What the category asks to secure first, and whether it is there."""
    return tuple((one, one in kinds) for one in wanted)
