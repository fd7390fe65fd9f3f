"""The one place that knows htmx 4 on the wire: what a request asks for and how a response steers the page."""

from collections.abc import Mapping

import msgspec
from markupsafe import Markup

VARY = "HX-Request, HX-Request-Type, Cookie, Accept-Language"


def is_htmx(headers: Mapping[str, str]) -> bool:
    return headers.get("hx-request") == "true"


def wants_partial(headers: Mapping[str, str]) -> bool:
    """True when only the targeted part of the page is to be answered; a boosted or full request gets the page."""
    return is_htmx(headers) and headers.get("hx-request-type") == "partial"


def redirect_headers(url: str) -> dict[str, str]:
    """Answer with 204 and these headers: the browser then loads `url` as a new page."""
    return {"HX-Redirect": url}


def push_headers(url: str) -> dict[str, str]:
    return {"HX-Push-Url": url}


def trigger_headers(**events: Mapping[str, object]) -> dict[str, str]:
    """Fire DOM events on the element that asked, with their details."""
    return {"HX-Trigger": msgspec.json.encode(dict(events)).decode()}


def retarget_headers(selector: str, swap: str = "outerMorph") -> dict[str, str]:
    """Put the answer (an error, say) elsewhere than the form asked for."""
    return {"HX-Retarget": selector, "HX-Reswap": swap}


def partial(target: str, html: str, swap: str = "outerMorph") -> Markup:
    """One part of an answer that replaces several parts of a page; `html` is rendered already."""
    return Markup('<hx-partial hx-target="{}" hx-swap="{}">{}</hx-partial>').format(target, swap, Markup(html))  # noqa: S704 - rendered by our own templates


def sse_message(html: str, *, event_id: str = "", event: str = "") -> bytes:
    """One server-sent event; without `event` the page swaps `html` (made of `partial`s) into itself."""
    lines = [f"id: {event_id}"] if event_id else []
    if event:
        lines.append(f"event: {event}")
    lines += [f"data: {line}" for line in html.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode()


def sse_ping() -> bytes:
    """A comment line: keeps proxies from closing a quiet stream; send one every 15-20 seconds."""
    return b": ping\n\n"
