"""A voice note is known by its structure: what phones record is taken, a film or a renamed program is not."""

import pytest

from core.files.rules import SOUNDS, FileRefused, kind_of
from core.files.rules.sounds import sound_of


def box(name: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + name + body


def mp4(*handlers: bytes, brand: bytes = b"M4A ") -> bytes:
    tracks = b"".join(box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + one + bytes(12)))) for one in handlers)
    return box(b"ftyp", brand + bytes(4)) + box(b"mdat", b"\xff" * 40) + box(b"moov", tracks)


WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20)
OGG = b"OggS" + bytes(24) + b"OpusHead\x01"
WEBM = b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm" + bytes(40) + b"\x86\x86A_OPUS"
MP3 = b"\xff\xfb\x90\x64" + bytes(400)
TAGGED = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + bytes(6) + MP3


@pytest.mark.parametrize(
    ("content", "media_type", "ending"),
    [
        (mp4(b"soun"), "audio/mp4", ".m4a"),
        (mp4(b"soun", brand=b"3gp4"), "audio/mp4", ".m4a"),
        (WAV, "audio/wav", ".wav"),
        (OGG, "audio/ogg", ".ogg"),
        (WEBM, "audio/webm", ".webm"),
        (MP3, "audio/mpeg", ".mp3"),
        (TAGGED, "audio/mpeg", ".mp3"),
    ],
)
def test_what_a_phone_records_is_taken_and_named_by_its_content(content: bytes, media_type: str, ending: str) -> None:
    kind = kind_of(content, filename="录音.exe", accept=SOUNDS, max_bytes=10_000)
    assert (kind.media_type, kind.filename) == (media_type, f"录音{ending}")


@pytest.mark.parametrize(
    "content",
    [
        mp4(b"soun", b"vide", brand=b"isom"),
        mp4(),
        mp4(b"soun")[:60],
        b"\x00\x00\x00\x01ftyp" + bytes(20),
        WEBM + b"V_VP9",
        b"OggS" + bytes(24) + b"\x80theora",
        b"\xff\xfe\x41\x00",
        b"\xff\xfb\xf0\x00" + bytes(20),
        b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(40),
        b"ID3",
        b"MZ\x90\x00",
    ],
    ids=[
        "film",
        "no-track",
        "cut",
        "broken-box",
        "webm-film",
        "ogg-film",
        "utf-16",
        "bad-rate",
        "tag-alone",
        "tag-head",
        "program",
    ],
)
def test_what_is_no_recording_is_refused(content: bytes) -> None:
    assert sound_of(content) == ""
    with pytest.raises(FileRefused):
        kind_of(content, filename="录音.m4a", accept=SOUNDS, max_bytes=10_000)


def test_a_box_of_64_bits_is_followed() -> None:
    whole = mp4(b"soun")
    wide = (1).to_bytes(4, "big") + b"free" + (24).to_bytes(8, "big") + bytes(8)
    assert sound_of(whole[:16] + wide + whole[16:]) == "audio/mp4"
