"""Which column of a list means what: header words in Chinese and English, the header's row, and the proposed mapping."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from core.imports.rules.cells import fold

HEADER_SEARCH_ROWS = 20
IGNORE = ""
CUSTOMER_TARGETS = ("name", "phone", "phone2", "member_no", "gender", "last_visit", "spent", "note")
SUBJECT_TARGETS = ("pet_name", "species", "breed", "sex", "birthday", "neutered", "chip")
TARGETS = CUSTOMER_TARGETS + SUBJECT_TARGETS
REPEATABLE = frozenset({"note"})
"""Several columns may go into the note; each keeps its header as a label."""

_WORDS: dict[str, str] = {
    "name": "姓名 客户姓名 客户名称 客户 主人 主人姓名 宠主 宠主姓名 会员姓名 会员名称 称呼 联系人 名字 顾客 顾客姓名 用户 家长"
    " name customer fullname customername owner ownername client clientname",
    "phone": "手机 手机号 手机号码 电话 电话号码 联系电话 联系方式 主人电话 会员手机 移动电话 客户电话 宠主电话"
    " phone mobile tel telephone cell phonenumber mobilephone contact",
    "phone2": "备用电话 其他电话 电话2 手机2 第二电话 紧急联系电话 家庭电话 固话 座机 phone2 mobile2 altphone homephone",
    "member_no": "会员号 会员编号 会员卡号 卡号 编号 客户编号 档案号 病历号 客户号 会员id id no memberno membernumber cardno code",
    "gender": "主人性别 客户性别 会员性别 称谓 gender title customergender",
    "last_visit": "最近就诊 最近到店 上次到店 最后到店 最近消费日期 最近来店 最后消费 上次就诊 最近就诊日期 最近消费时间 最近到店时间"
    " lastvisit lastseen lastvisitdate lastpurchase",
    "spent": "累计消费 消费总额 累计金额 总消费 消费金额 累计消费金额 消费累计 总金额 消费合计 累计"
    " totalspent spent spend totalspend lifetimespend lifetimevalue amount total",
    "note": "备注 说明 注意事项 备注信息 特别说明 地址 住址 微信 微信号 邮箱 来源 标签 note notes remark remarks comment comments"
    " address email wechat tags",
    "pet_name": "宠物名 宠物名称 宠物姓名 宠物昵称 宠物 昵称 爱宠 毛孩子 犬名 猫名 pet petname pet name animal patient patientname",
    "species": "种类 类别 宠物种类 宠物类型 宠物类别 类型 物种 动物种类 species kind pettype animaltype type",
    "breed": "品种 宠物品种 犬种 breed petbreed",
    "sex": "性别 宠物性别 公母 雌雄 sex petsex petgender",
    "birthday": "宠物生日 出生日期 生日 宠物出生日期 出生年月 birthday birthdate dob dateofbirth petbirthday born",
    "neutered": "绝育 是否绝育 绝育情况 绝育状态 已绝育 neutered sterilised sterilized spayed spayedneutered",
    "chip": "芯片 芯片号 芯片编号 芯片码 宠物芯片 chip chipno microchip chipnumber microchipno",
}
_TARGET_OF = {fold(word).replace(" ", ""): target for target, words in _WORDS.items() for word in words.split(" ")}
_UNIT = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]|[*＊:：_\-\s.·/]")
_PERSON_GROUP = frozenset({"主人", "客户", "会员", "宠主", "顾客", "owner", "customer", "client"})
_PET_GROUP = frozenset({"宠物", "爱宠", "动物", "pet", "animal", "patient"})
# Words that mean one thing below "owner" and another below "pet".
_IN_PERSON = {
    "姓名": "name",
    "名字": "name",
    "昵称": "name",
    "称呼": "name",
    "性别": "gender",
    "name": "name",
    "sex": "gender",
}
_IN_PET = {
    "姓名": "pet_name",
    "名字": "pet_name",
    "名称": "pet_name",
    "昵称": "pet_name",
    "称呼": "pet_name",
    "name": "pet_name",
}
_IN_PET |= {"性别": "sex", "gender": "sex", "生日": "birthday", "编号": IGNORE}


class Header(msgspec.Struct, frozen=True):
    """The row (counted from 1) that names the columns, their names, and the group that stands above each."""

    row: int
    names: tuple[str, ...]
    groups: tuple[str, ...] = ()

    def label(self, column: int) -> str:
        """What a person calls the column: with its group when there is one."""
        group = self.groups[column] if column < len(self.groups) else ""
        return f"{group} · {self.names[column]}" if group and self.names[column] else self.names[column]


def header_key(text: str) -> str:
    """The header without units, marks and blanks: 消费总额（元） -> 消费总额."""
    return _UNIT.sub("", fold(text))


def target_of(name: str, group: str = "") -> str:
    """What a header means, or IGNORE."""
    key, above = header_key(name), header_key(group)
    if above in _PERSON_GROUP and key in _IN_PERSON:
        return _IN_PERSON[key]
    if above in _PET_GROUP and key in _IN_PET:
        return _IN_PET[key]
    return _TARGET_OF.get(key, IGNORE)


def find_header(rows: Sequence[tuple[int, Sequence[str]]]) -> Header | None:
    """Find the row that names the columns among the first ones: below titles and merged groups; None when empty.

    Args:
        rows: (number in the file, cells) of the first rows, without empty ones.
    """
    best, best_score = None, 0
    for index, (number, cells) in enumerate(rows[:HEADER_SEARCH_ROWS]):
        above = rows[index - 1] if index else (0, [])
        groups = _groups(above[1], len(cells)) if above[0] == number - 1 else ()
        score = len({target_of(cell, groups[column] if groups else "") for column, cell in enumerate(cells)} - {IGNORE})
        if score > best_score:
            best, best_score = index, score
    if best is None or best_score < 2:
        wide = (index for index, (_, cells) in enumerate(rows) if sum(bool(c.strip()) for c in cells) >= 2)
        best = next(wide, 0 if rows else None)
    return None if best is None else header_at(rows, rows[best][0])


def header_at(rows: Sequence[tuple[int, Sequence[str]]], row_no: int) -> Header | None:
    """Read the header in this row of the file, with the merged groups of the row above it."""
    position = next((index for index, (number, _) in enumerate(rows) if number == row_no), None)
    if position is None:
        return None
    names = [cell.strip().replace("\n", " ")[:80] for cell in rows[position][1]]
    while names and not names[-1]:
        names.pop()
    groups: tuple[str, ...] = ()
    if position > 0 and rows[position - 1][0] == row_no - 1:
        groups = _groups(rows[position - 1][1], len(names))
    return Header(row_no, tuple(names), groups)


def _groups(cells: Sequence[str], width: int) -> tuple[str, ...]:
    written = [cell.strip() for cell in cells]
    if len({text for text in written if text}) < 2:
        return ()  # a title over the whole width groups nothing
    spread: list[str] = []
    for column in range(width):
        text = written[column] if column < len(written) else ""
        spread.append(text or (spread[-1] if spread else ""))
    return tuple(spread)


def propose_mapping(
    header: Header, *, remembered: Mapping[str, str], allowed: Sequence[str] = TARGETS
) -> tuple[str, ...]:
    """Propose a target per column: what the tenant chose last time, else what the words say; each target once."""
    taken: set[str] = set()
    proposed: list[str] = []
    for column, name in enumerate(header.names):
        group = header.groups[column] if column < len(header.groups) else ""
        target = remembered.get(header_key(header.label(column)), target_of(name, group))
        if target == "phone" and "phone" in taken and "phone2" not in taken:
            target = "phone2"
        if target not in allowed or (target in taken and target not in REPEATABLE):
            target = IGNORE
        if target:
            taken.add(target)
        proposed.append(target)
    return tuple(proposed)


def mapping_problems(mapping: Sequence[str]) -> tuple[str, ...]:
    """Why a mapping cannot be used: codes; nothing when it can."""
    problems = [] if "name" in mapping else ["name-not-mapped"]
    used = [target for target in mapping if target and target not in REPEATABLE]
    if len(set(used)) != len(used):
        problems.append("mapped-twice")
    if any(target not in (*TARGETS, IGNORE) for target in mapping):
        problems.append("unknown-target")
    if set(mapping) & set(SUBJECT_TARGETS) and "pet_name" not in mapping:
        problems.append("pet-name-not-mapped")
    return tuple(problems)
