"""What a test tells the sample shop: which of its hooks fail."""

from typing import Annotated

import msgspec

from plugins.api import words


class Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name of a hook, or of a job."""

    fails: Annotated[str, msgspec.Meta(extra_json_schema=words("失败的钩子", "Hook that fails"))] = ""
