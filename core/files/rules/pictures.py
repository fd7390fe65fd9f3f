"""A picture drawn again from its pixels: upright, of bearable size, and without anything else that came in its file."""

import base64
import binascii
import io
from typing import Final

import msgspec
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from core.files.rules.kinds import FileRefused

MAX_PIXELS: Final = 50_000_000
"""What a phone's best camera makes; a picture that unfolds to more is a bomb or a poster."""
LONGEST: Final = 4096
THUMB: Final = 320
_QUALITY: Final = 85
_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_DRAWN: Final = "data:image/png;base64,"
_FAULTS: Final = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    MemoryError,
)
"""What Pillow raises at broken pictures, all of it seen: its readers are many and old."""


class Picture(msgspec.Struct, frozen=True):
    """A picture of ours: its bytes, its size in pixels, a small JPEG of it."""

    content: bytes
    width: int
    height: int
    thumbnail: bytes


def draw_again(content: bytes, media_type: str) -> Picture:
    """Decode the pixels and encode them anew; takes some 100 ms of CPU, so keep it off the event loop.

    What is not a pixel is gone: EXIF with the place it was taken, comments, colour profiles (applied first), later
    frames of an animation, a script or an archive behind the picture.

    Raises:
        FileRefused: file_pixels for more than MAX_PIXELS, file_broken for what cannot be decoded to its end.
    """
    wanted = _FORMATS[media_type]
    try:
        with Image.open(io.BytesIO(content), formats=[wanted]) as opened:
            _refuse_bomb(opened.width * opened.height)
            opened.load()
            image = _in_srgb(ImageOps.exif_transpose(opened))
    except FileRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise FileRefused("file_pixels", max=MAX_PIXELS // 1_000_000) from fault
    except _FAULTS as fault:
        raise FileRefused("file_broken") from fault
    image.thumbnail((LONGEST, LONGEST))
    return Picture(_encode(image, wanted), image.width, image.height, _thumbnail(image))


def _refuse_bomb(pixels: int) -> None:
    if pixels > MAX_PIXELS:
        raise FileRefused("file_pixels", max=MAX_PIXELS // 1_000_000)


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours as the picture's own profile means them, in the one that browsers expect."""
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    profile = image.info.get("icc_profile")
    plain = image if image.mode in {"RGB", "RGBA"} else image.convert("RGBA" if has_alpha else "RGB")
    if profile and image.mode == plain.mode:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"))
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            turned = None
        plain = turned or plain
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    return bare


def _encode(image: Image.Image, wanted: str) -> bytes:
    out = io.BytesIO()
    if wanted == "JPEG":
        _on_white(image).save(out, "JPEG", quality=_QUALITY, optimize=True)
    elif wanted == "PNG":
        image.save(out, "PNG", optimize=True)
    else:
        image.save(out, "WEBP", quality=_QUALITY)
    return out.getvalue()


def _thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((THUMB, THUMB))
    out = io.BytesIO()
    _on_white(small).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def read_drawing(address: str) -> Picture | None:
    """Return the PNG of a drawn signature (a data address), drawn again; None when nothing was drawn on it.

    Raises:
        FileRefused: file_broken when it is no PNG.
    """
    try:
        content = base64.b64decode(address.removeprefix(_DRAWN), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise FileRefused("file_broken") from fault
    picture = draw_again(content, "image/png")
    with Image.open(io.BytesIO(picture.content)) as drawn:
        bands = [band.getextrema() for band in drawn.convert("RGBA").split()]
    # One colour all over, or nothing that covers: an empty sheet is no signature.
    flat = all(low == high for low, high in bands)
    return None if flat or bands[3] == (0, 0) else picture
