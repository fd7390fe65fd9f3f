"""Pictures for the tests of files: with a place in their EXIF data, as a bomb, as a polyglot."""

import base64
import io
import struct
import zlib

from PIL import Image


def jpeg(size: tuple[int, int] = (40, 30), *, orientation: int = 1, place: bool = False) -> bytes:
    """A red JPEG; with `place` its EXIF data say where it was taken."""
    image = Image.new("RGB", size, (200, 30, 30))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "SECRET-DESCRIPTION"
    if place:
        exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 26.0, 5.0), 3: "E", 4: (118.0, 40.0, 3.0)})
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"SECRET-COMMENT")
    return out.getvalue()


def png(size: tuple[int, int] = (20, 10), colour: tuple[int, ...] = (10, 20, 30, 255)) -> bytes:
    """A PNG of one colour."""
    out = io.BytesIO()
    Image.new("RGBA", size, colour).save(out, "PNG")
    return out.getvalue()


def signature() -> str:
    """A drawn signature as a browser sends it."""
    image = Image.new("RGBA", (120, 40), (0, 0, 0, 0))
    for x in range(10, 100):
        image.putpixel((x, 10 + x % 20), (16, 35, 61, 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return address(out.getvalue())


def address(content: bytes) -> str:
    """PNG bytes as a data address."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of few bytes whose header promises 900 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00" * 1000)) + chunk(b"IEND", b"")


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
