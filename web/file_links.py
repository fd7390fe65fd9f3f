"""Addresses of stored files: signed for one tenant, one file and some minutes, and the answer that carries the bytes."""

import hashlib
import hmac
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Response

from core.errors import NotFound
from core.files.queries import FileFacts, get_content, get_file, get_thumbnail
from core.files.rules import SOUNDS
from core.uow import Reader
from web.request import WebRequest

LIFETIME: Final = 3600
_STEP: Final = 600
"""Addresses change every ten minutes only, so that a browser shows a picture twice and fetches it once."""
OWNERS: Final[dict[str, str]] = {"customer": "customers.read", "submission": "forms.read"}
"""Kind of owner -> what a member of staff needs to open its files. An area with files adds its line."""
_POLICY: Final = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"


def add_file_owner(kind: str, permission: str) -> None:
    """Let staff with the permission open the files of this kind of owner; route modules call it once."""
    if OWNERS.setdefault(kind, permission) != permission:
        raise ValueError(f"files of {kind} have two permissions")


def sign(request: WebRequest, what: str) -> str:
    """Return the keyed hash of a text that names the tenant; who knows one address can make no other."""
    words = f"file:{request.visit.scope.tenant_id}:{what}".encode()
    return hmac.new(request.runtime.settings.secret_key.encode(), words, hashlib.sha256).hexdigest()[:32]


def is_signed(request: WebRequest, what: str, signature: str) -> bool:
    """Tell whether the text was signed for this tenant; compares in constant time."""
    return hmac.compare_digest(sign(request, what).encode(), signature.encode("utf-8", "replace"))


def _query(request: WebRequest, file_id: UUID, door: str) -> str:
    moment = int(request.runtime.clock().timestamp())
    expires = moment - moment % _STEP + _STEP + LIFETIME
    return f"sig={expires:x}.{sign(request, f'{door}:{file_id}:{expires:x}')}"


def staff_address(request: WebRequest, file_id: UUID, *, small: bool = False) -> str:
    """Return where staff open a file, for an hour or so."""
    root = f"/t/{request.visit.scope.slug}/files/{file_id}"
    return f"{root}?{_query(request, file_id, 'staff')}{'&size=small' if small else ''}"


def held_address(request: WebRequest, code: str, file_id: UUID) -> str:
    """Return where the writer of a form sees what was chosen, while it waits."""
    return f"/q/{quote(code)}/files/{file_id}?{_query(request, file_id, f'code:{code}')}&size=small"


async def answer_file(
    request: WebRequest, reader: Reader, file_id: UUID, *, door: str, signature: str, small: bool
) -> Response[bytes]:
    """Return the bytes for a signature of this door; anything else is a file that is not there.

    Raises:
        NotFound: forged, expired, of another tenant or door, removed, erased, or not for this reader.
    """
    expires, _, mac = signature.partition(".")
    try:
        alive = len(expires) < 16 and int(expires, 16) > request.runtime.clock().timestamp()
    except ValueError:
        alive = False
    if not alive or not is_signed(request, f"{door}:{file_id}:{expires}", mac):
        raise NotFound("no such file")
    file = await get_file(reader, file_id)
    if door == "staff" and (file.state != "kept" or not reader.actor.may(OWNERS.get(file.owner_kind, "nobody"))):
        raise NotFound("no such file")
    content = await get_thumbnail(reader, file_id) if small else await get_content(reader, file)
    media_type = "image/jpeg" if small else file.media_type
    return Response(content, media_type=media_type, headers=_headers(file))


def _headers(file: FileFacts) -> dict[str, Any]:
    """A picture may be looked at and a recording heard; everything else is saved to disk, and nothing runs."""
    way = "inline" if file.is_image or file.media_type in SOUNDS else "attachment"
    return {
        "content-disposition": f"{way}; filename*=UTF-8''{quote(file.filename, safe='')}",
        "content-security-policy": _POLICY,
        "cache-control": f"private, max-age={_STEP}",
        "vary": "Cookie",
    }
