"""What kind of sound a recording is, by its own structure: a film with a sound track is no voice note."""

import re
from typing import Final

MP3, M4A, WAV, OGG, WEBM = "audio/mpeg", "audio/mp4", "audio/wav", "audio/ogg", "audio/webm"
SOUNDS: Final = (MP3, M4A, WAV, OGG, WEBM)
SOUND_ENDINGS: Final = {MP3: ".mp3", M4A: ".m4a", WAV: ".wav", OGG: ".ogg", WEBM: ".webm"}
_HEAD: Final = 64 * 1024
_HOLDERS: Final = {b"moov", b"trak", b"mdia"}
"""The boxes of an MP4 file on the way to its tracks' kinds."""
_MOST_BOXES: Final = 2000
_OGG_SOUNDS: Final = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")
_FILM: Final = re.compile(rb"V_(VP8|VP9|AV1|MPEG|THEORA|MS)")
_SOUND: Final = re.compile(rb"A_(OPUS|VORBIS|AAC)")


def sound_of(content: bytes) -> str:
    """Return the media type of a recording, or nothing when it is none of those a phone makes."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return WAV
    if content[4:8] == b"ftyp":
        return M4A if _tracks(content) == {b"soun"} else ""
    if content.startswith(b"OggS"):
        first_page = content[:_HEAD][28:200]
        return OGG if any(mark in first_page for mark in _OGG_SOUNDS) else ""
    if content.startswith(b"\x1a\x45\xdf\xa3"):
        head = content[:_HEAD]
        return WEBM if b"webm" in head[:64] and _SOUND.search(head) and not _FILM.search(head) else ""
    return MP3 if _is_mp3(content) else ""


def _tracks(content: bytes) -> set[bytes]:
    """The handlers of an MP4 file's tracks: `soun`, `vide`, ...; empty when it is broken or has none."""
    kinds: set[bytes] = set()
    places, seen = [(0, len(content))], 0
    while places:
        start, end = places.pop()
        while start + 8 <= end and seen < _MOST_BOXES:
            seen += 1
            size, name, body = (
                int.from_bytes(content[start : start + 4], "big"),
                content[start + 4 : start + 8],
                start + 8,
            )
            if size == 1:
                size, body = int.from_bytes(content[start + 8 : start + 16], "big"), start + 16
            stop = end if size == 0 else start + size
            if stop < body or stop > end:
                break
            if name in _HOLDERS:
                places.append((body, stop))
            elif name == b"hdlr":
                kinds.add(content[body + 8 : body + 12])
            start = stop
    return kinds & {b"soun", b"vide"}


def _is_mp3(content: bytes) -> bool:
    """A frame of MPEG layer 3 at the start, or behind an ID3 tag of any length."""
    start = 0
    if content.startswith(b"ID3") and len(content) >= 10:
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))
        while start < len(content) and content[start] == 0:
            start += 1
    frame = content[start : start + 4]
    return (
        len(frame) == 4
        and frame[0] == 0xFF
        and frame[1] & 0xE6 == 0xE2  # the rest of the sync word, layer 3
        and frame[1] & 0x18 != 0x08  # a version that exists
        and frame[2] >> 4 not in {0, 15}
        and frame[2] & 0x0C != 0x0C
    )
