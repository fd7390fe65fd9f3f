"""Lucide icons as inline SVG: drawn once per name, hidden from screen readers, sized and stroked by CSS."""

import functools
import re

from lucide import IconDoesNotExist
from lucide.jinja import lucide
from markupsafe import Markup

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_GAP = re.compile(r"\s*(/?>)\s*(?=<|$)")
# tokens.css says these once for all icons; a list of 25 rows holds a hundred of them
_PAINT = re.compile(r' (?:fill="none"|stroke="currentColor"|stroke-width="2"|stroke-line(?:cap|join)="round")')
_SVG = re.compile(r'<svg(?: class="[^"]*")?')


@functools.cache
def icon(name: str) -> Markup:
    """The icon `name` of Lucide; an unknown name raises `lucide.IconDoesNotExist`."""
    svg = str(lucide(name, size=20, aria_hidden="true", focusable="false"))
    svg = _GAP.sub(r"\1", _COMMENT.sub("", svg)).strip()
    head, tag_end, body = svg.partition(">")
    head = _SVG.sub('<svg class="icon"', _PAINT.sub("", head), count=1)
    return Markup(head + tag_end + body)  # noqa: S704 - the package's own files


@functools.cache
def known_icon(name: str, instead: str) -> str:
    """Return the name when Lucide has such an icon, else the other: names in data of a plugin are checked by nobody before."""
    try:
        icon(name)
    except IconDoesNotExist:
        return instead
    return name
