"""What a clinic may set; every number is an example."""

from typing import Annotated

import msgspec

from plugins.api import Meta, words


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field for each setting."""

    answer_minutes: Annotated[
        int,
        Meta(ge=30, le=480, extra_json_schema=words("一般投诉答复时限", "Answer slight complaints within", unit="min")),
    ] = 240
    recall_months: Annotated[
        int, Meta(ge=3, le=24, extra_json_schema=words("复查间隔（月）", "Months between check-ups"))
    ] = 6
