"""What a file is by its content, whatever its name says, and whether a purpose takes it."""

import hashlib
import re
import unicodedata
from typing import Final

import msgspec
import puremagic

from core.files.rules.sounds import SOUND_ENDINGS, sound_of

IMAGES: Final = ("image/jpeg", "image/png", "image/webp")
PDF: Final = "application/pdf"
DOCUMENTS: Final = (*IMAGES, PDF)
MAX_NAME: Final = 120
_HEAD: Final = 4096
# Brands of ISO media files (bytes 8..12 after `ftyp`) that phones write photos with and few programs can read.
_HEIF_BRANDS: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"heif", b"avif")
_ENDINGS: Final = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", PDF: ".pdf"} | SOUND_ENDINGS
_MAGIC: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", PDF),
)
_UNKNOWN: Final = "application/octet-stream"
_UNSAFE: Final = re.compile(r'[\\/:*?"<>|%\x00-\x1f\x7f]+')


class FileRefused(ValueError):
    """Why a file is not taken: a code of the catalogue with what its text needs.

    Codes: file_empty, too_large, file_kind, file_heic, file_svg, file_broken, file_pixels.
    """

    def __init__(self, code: str, **params: str | float) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Kind(msgspec.Struct, frozen=True):
    """A file that is taken: its media type, and a name that no file system misreads."""

    media_type: str
    filename: str


def kind_of(content: bytes, *, filename: str, accept: tuple[str, ...], max_bytes: int) -> Kind:
    """Return what the content is; raise FileRefused when it is empty, too large or nothing that is accepted.

    Args:
        content: the bytes as they were sent.
        filename: as it was sent; only its stem is kept, the ending follows the content.
        accept: media types. SVG is refused also when somebody lists it: it is a program.
        max_bytes: of the file as sent.
    """
    if not content:
        raise FileRefused("file_empty")
    if len(content) > max_bytes:
        raise FileRefused("too_large", max=max_bytes, mb=max_bytes // 1_000_000)
    found = _sniff(content)
    if found == "image/svg+xml":
        raise FileRefused("file_svg")
    if found == "image/heic":
        raise FileRefused("file_heic")
    if found not in accept or found not in _ENDINGS:
        raise FileRefused("file_kind", found=found)
    return Kind(found, clean_filename(filename, _ENDINGS[found]))


def _sniff(content: bytes) -> str:
    """The media type by the first bytes; `puremagic` names what we do not take."""
    head = content[:_HEAD]
    found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        found = "image/webp"
    elif head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        found = "image/heic"
    elif not found and _is_svg(head):
        found = "image/svg+xml"
    return found or sound_of(content) or _named(head)


def _named(head: bytes) -> str:
    try:
        found = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        return _UNKNOWN
    # What begins like a recording and is none, as a film in the same container, is not taken for one.
    return found if found and found not in SOUND_ENDINGS else _UNKNOWN


def _is_svg(head: bytes) -> bool:
    """SVG hides behind byte order marks, comments and other encodings; a wide alphabet drops out with its zeros."""
    plain = head.replace(b"\x00", b"").lower()
    return b"<svg" in plain or b"<!doctype svg" in plain


def own_filename(name: str) -> str:
    """A name that we gave, by the same rules; its ending stays when it is one."""
    _, dot, ending = re.split(r"[\\/]", name)[-1].rpartition(".")
    return clean_filename(name, f".{ending}" if dot and ending.isalnum() else "")


def clean_filename(name: str, ending: str) -> str:
    """The name a person gave, without a path, without what an operating system misreads, and with the true ending."""
    last = re.split(r"[\\/]", name)[-1]
    plain = "".join(char for char in unicodedata.normalize("NFC", last) if unicodedata.category(char)[0] != "C")
    stem = _UNSAFE.sub("_", plain.rpartition(".")[0] or plain).strip(" .")
    return (stem[:MAX_NAME] or "file") + ending


def hash_of_token(token: str) -> str:
    """What is kept of a token: whoever reads the table cannot claim a file with it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
