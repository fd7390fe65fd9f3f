"""QR codes as inline SVG, black on white whatever the theme."""

import io

import segno
from markupsafe import Markup


def qr_svg(data: str) -> Markup:
    """The SVG of `data`, error correction M, without size so that CSS sets it."""
    buffer = io.BytesIO()
    segno.make(data, error="m", micro=False).save(
        buffer,
        kind="svg",
        xmldecl=False,
        svgns=False,
        omitsize=True,
        border=2,
        dark="#000",
        svgclass=None,
        lineclass=None,
    )
    return Markup(buffer.getvalue().decode())  # noqa: S704 - made here from numbers
