"""PDF from typst templates: data goes in as JSON and is never read as markup; Chinese letters come from our own font."""

import asyncio
import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
import pylopdf_fonts_zh_cn
import typst
from litestar import Response
from PIL import Image

TEMPLATES: Final = Path(__file__).parent / "templates" / "pdf"
_FONTS: Final = pylopdf_fonts_zh_cn.sans_path().parent
# A page takes 0.3 s of CPU, the first one more: the fonts are read.
_SCREEN_PPI: Final = 110.0
_GAP: Final = 12
_press: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pdf")


def render_pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """Return the PDF of `web/templates/pdf/<template>.typ`; takes some 0.3 s of CPU, so keep it off the event loop.

    Args:
        template: the name without its ending. The template reads `#import "base.typ": data, paper` and lays `data` out;
            all texts come localized in the data, for typst knows no catalogue.
        data: what msgspec can encode. Bytes (a picture) arrive as a list of numbers: `image(bytes(data.picture))`.
    """
    known = sorted(path.stem for path in TEMPLATES.glob("*.typ"))
    if template not in known:
        raise LookupError(f"no PDF template {template!r}; there are {known}")
    made = typst.compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        font_paths=[_FONTS],
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(_plain(data)).decode()},
    )
    if not isinstance(made, bytes):
        raise TypeError("typst made several files of one document")
    return made


def render_picture(template: str, data: Mapping[str, Any]) -> bytes:
    """Return the pages of the PDF below one another as one PNG, for a page that shows them beside a form."""
    made: Any = typst.compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        font_paths=[_FONTS],
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(_plain(data)).decode()},
        format="png",
        ppi=_SCREEN_PPI,
    )
    pages = [Image.open(io.BytesIO(page)).convert("RGB") for page in (made if isinstance(made, list) else [made])]
    sheet = Image.new("RGB", (pages[0].width, sum(page.height + _GAP for page in pages) - _GAP), "#d5dde6")
    top = 0
    for page in pages:
        sheet.paste(page, (0, top))
        top += page.height + _GAP
    kept = io.BytesIO()
    sheet.quantize(32).save(kept, "PNG")
    return kept.getvalue()


async def answer_picture(template: str, data: Mapping[str, Any]) -> Response[bytes]:
    """Return the PDF's pages as one picture; it is made in the PDF's thread."""
    content = await asyncio.get_running_loop().run_in_executor(_press, render_picture, template, data)
    return Response(content, media_type="image/png", headers={"cache-control": "no-store"})


def _plain(value: Any) -> Any:
    """JSON knows no bytes: a picture goes as its numbers."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return list(value) if isinstance(value, bytes) else value


async def render_pdf_aside(template: str, data: Mapping[str, Any]) -> bytes:
    """`render_pdf` in its own thread, for who keeps the PDF instead of answering with it."""
    return await asyncio.get_running_loop().run_in_executor(_press, render_pdf, template, data)


async def answer_pdf(
    template: str, data: Mapping[str, Any], *, filename: str, download: bool = True
) -> Response[bytes]:
    """Return the PDF as an answer; it is made in a thread of its own."""
    content = await asyncio.get_running_loop().run_in_executor(_press, render_pdf, template, data)
    way = "attachment" if download else "inline"
    headers = {
        "content-disposition": f"{way}; filename*=UTF-8''{quote(filename, safe='')}",
        "cache-control": "no-store",
    }
    return Response(content, media_type="application/pdf", headers=headers)
