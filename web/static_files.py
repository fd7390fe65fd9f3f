"""The built front end: named by its content, so it may be kept for ever, and sent compressed where that is taken."""

import mimetypes
from pathlib import Path
from typing import Final

import msgspec

IMMUTABLE: Final = "public, max-age=31536000, immutable"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))


class StaticFile(msgspec.Struct, frozen=True):
    """What to send."""

    body: bytes
    media_type: str
    encoding: str = ""


class StaticFiles:
    """Knows the files that are there at start-up; nothing else can be asked for, so no path leads out of the folder."""

    def __init__(self, folder: Path) -> None:
        hidden = {"manifest.json"}
        self._paths = {
            path.name: path
            for path in (folder.iterdir() if folder.is_dir() else ())
            if path.is_file() and not path.name.startswith(".") and path.name not in hidden
        }
        self._kept: dict[str, bytes] = {}

    def find(self, name: str, accept_encoding: str) -> StaticFile | None:
        """Return the smallest form of a file that the browser takes, or None."""
        if name not in self._paths or name.endswith((".br", ".gz")):
            return None
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        accepted = {part.partition(";")[0].strip() for part in accept_encoding.lower().split(",")}
        for encoding, suffix in _ENCODINGS:
            if encoding in accepted and name + suffix in self._paths:
                return StaticFile(self._read(name + suffix), media_type, encoding)
        return StaticFile(self._read(name), media_type)

    def _read(self, name: str) -> bytes:
        kept = self._kept.get(name)
        if kept is None:
            kept = self._kept[name] = self._paths[name].read_bytes()
        return kept
