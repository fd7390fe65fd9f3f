"""What a segment may be called, and how it is told from the ones that plugins ship."""

from typing import Final

import msgspec

from core.conditions.rules.catalogue import Catalogue, tree_problems
from core.errors import FieldProblem
from core.hooks.records.conditions import Tree
from core.hooks.records.text import Text

MAX_NAME: Final = 60
MAX_PLAN: Final = 500
MAX_SEGMENTS: Final = 200


class SegmentDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A segment to be written down; one language is enough, the other then reads the same."""

    name_zh: str = ""
    name_en: str = ""
    plan_zh: str = ""
    plan_en: str = ""
    tree: Tree


def segment_problems(draft: SegmentDraft, catalogue: Catalogue) -> tuple[FieldProblem, ...]:
    """Say everything that is wrong at once; problems of the tree begin with `tree`."""
    problems = []
    if not draft.name_zh and not draft.name_en:
        problems.append(FieldProblem("name_zh", "required"))
    limits = {"name_zh": MAX_NAME, "name_en": MAX_NAME, "plan_zh": MAX_PLAN, "plan_en": MAX_PLAN}
    problems += [
        FieldProblem(name, "too-long", {"max": limit})
        for name, limit in limits.items()
        if len(getattr(draft, name)) > limit
    ]
    for problem in tree_problems(draft.tree, catalogue):
        path = f"tree.{problem.path}" if problem.path else "tree"
        problems.append(FieldProblem(path, problem.code, problem.params))
    return tuple(problems)


def in_both(zh: str, en: str) -> Text:
    """Words in both languages; what is said in one only stands for the other too."""
    return {"zh-CN": zh or en, "en": en or zh}
