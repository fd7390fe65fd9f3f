"""A group of customers as a plugin ships it: whom it holds, and which plan they are offered."""

import msgspec

from core.hooks.records.conditions import Tree
from core.hooks.records.text import Text


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is local in the plugin and prefixed by the host; a tenant may copy the segment and change the copy."""

    id: str
    label: Text
    tree: Tree
    plan: Text = ""
    """What people of this group are offered."""
    about: Text = ""
    """Whom the group means, in the words of its source."""
    source: str = ""
