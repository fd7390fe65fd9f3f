"""What a card may say about its owner: enough to know it is theirs, too little for whoever finds the address."""

from typing import Final

_TWO_CHARACTERS: Final = frozenset(
    (
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "司徒",
        "夏侯",
        "令狐",
        "长孙",
        "宇文",
        "南宫",
        "端木",
    )
)
"""Family names of two characters; all others have one."""


def given_name(full_name: str) -> str:
    """The name without the family's: 小明 of 王小明, Alice of Alice Wang; a single character or word stays."""
    name = full_name.strip()
    if " " in name:
        return name.split()[0]
    if not name or not "\u4e00" <= name[0] <= "\u9fff":
        return name
    family = 2 if name[:2] in _TWO_CHARACTERS and len(name) > 2 else 1
    return name[family:] or name
