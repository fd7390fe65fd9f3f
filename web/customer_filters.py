"""The list's filters by tag and by a field of one's own, read from the address."""

from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from core.profiles.queries import find_tags, list_fields, list_matching
from core.profiles.rules import read_value
from core.uow import Reader
from web.i18n import localized

MAX_VALUE, MAX_TAGS = 200, 500


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What may be chosen, and what is; a value that does not fit its field finds nobody."""

    tags: list[tuple[str, str]]
    fields: list[tuple[str, str]]
    tag: str = ""
    own: str = ""
    value: str = ""
    tag_id: UUID | None = None
    wanted: str | int | date | None = None
    misfit: bool = False

    @property
    def narrow(self) -> bool:
        """Something is chosen."""
        return self.tag_id is not None or self.wanted is not None or self.misfit

    @property
    def query(self) -> str:
        """The same choice in an address."""
        return urlencode({"tag": self.tag, "own": self.own, "value": self.value})

    async def list_ids(
        self, reader: Reader, *, among: Sequence[UUID] | None = None, after: UUID | None = None, limit: int
    ) -> list[UUID]:
        """Return who fits, newest first."""
        if self.misfit:
            return []
        return await list_matching(
            reader,
            tag_id=self.tag_id,
            field_key=self.own,
            value=self.wanted,
            among=among,
            after=after,
            limit=limit,
        )


async def read_filters(reader: Reader, *, tag: str, own: str, value: str) -> Filters:
    """Look the chosen tag and field up; what is not there is not chosen."""
    tags = await find_tags(reader, "", limit=MAX_TAGS)
    fields = {field.key: field for field in await list_fields(reader, entity_type="customer")}
    chosen = next((one for one in tags if str(one.tag_id) == tag), None)
    field = fields.get(own)
    wanted, wrong = read_value(field, value[:MAX_VALUE]) if field else (None, None)
    return Filters(
        tags=[(str(one.tag_id), one.name) for one in tags],
        fields=[(field.key, localized(field.label) or field.key) for field in fields.values()],
        tag=tag if chosen else "",
        own=own if field else "",
        value=value[:MAX_VALUE] if field else "",
        tag_id=chosen.tag_id if chosen else None,
        wanted=wanted,
        misfit=wrong is not None,
    )
