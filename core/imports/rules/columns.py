"""Which column of a list means what: header words in Chinese and English, the header's row, and the proposed mapping."""

import hashlib
import re
from collections.abc import Mapping, Sequence

import msgspec

from core.imports.rules.cells import fold

HEADER_SEARCH_ROWS = 20
IGNORE = ""
CUSTOMER_TARGETS = (
    *("name", "phone", "phone2", "member_no", "gender", "last_visit", "spent", "note"),
    *("email", "wechat", "address", "tags"),
)
SUBJECT_TARGETS = ("pet_name", "species", "breed", "sex", "birthday", "neutered", "chip")
TARGETS = CUSTOMER_TARGETS + SUBJECT_TARGETS
OWN_PREFIX = "own:"
"""Before the fields that a tenant defined itself: own:customer:x_channel, own:subject:x_blood."""
REPEATABLE = frozenset({"note", "tags", *SUBJECT_TARGETS})
"""Several columns may go into the note, each with its header as a label; a second pet's name, breed … is the second pet's."""

_WORDS: dict[str, str] = {
    "name": "姓名 客户姓名 客户名称 客户 主人 主人姓名 宠主 宠主姓名 会员姓名 会员名称 称呼 联系人 名字 顾客 顾客姓名 用户 家长 主人名字 主人称呼 宠主名 宠主名称 会员名 会员名字 客户名 客户名字 顾客名称 客人 客人姓名 联系人姓名 铲屎官"
    " name customer fullname customername owner ownername client clientname",
    "phone": "手机 手机号 手机号码 电话 电话号码 联系电话 联系方式 主人电话 会员手机 移动电话 客户电话 宠主电话 联系手机 手机电话 注册手机 注册手机号 绑定手机 绑定手机号 主人手机 主人手机号"
    " 客户手机 客户手机号 会员电话 会员手机号 宠主手机 宠主手机号 宠主联系方式 主人联系电话 主人联系方式 顾客电话"
    " phone mobile tel telephone cell phonenumber mobilephone contact",
    "phone2": "备用电话 备用手机 备用号码 备用联系方式 其他电话 电话2 手机2 第二电话 紧急联系电话 紧急联系人电话 第二联系电话 家庭电话 固话 座机 phone2 mobile2 altphone homephone",
    "member_no": "会员号 会员编号 会员卡号 卡号 编号 客户编号 档案号 病历号 客户号 会员id id no memberno membernumber cardno code",
    "gender": "主人性别 客户性别 会员性别 称谓 gender title customergender",
    "last_visit": "最近就诊 最近到店 上次到店 最后到店 最近消费日期 最近来店 最后消费 上次就诊 最近就诊日期 最近消费时间 最近到店时间 最近一次到店 最近一次就诊 最近一次消费 最后就诊 最后就诊日期 最后就诊时间 末次就诊 末次到店"
    " 上次消费 上次消费时间 最后一次到店 最后一次消费 最近消费 最近到店日期 最后到店日期 最后到店时间 上次就诊日期 末次就诊日期"
    " lastvisit lastseen lastvisitdate lastpurchase",
    "spent": "累计消费 消费总额 累计金额 总消费 消费金额 累计消费金额 消费累计 总金额 消费合计 累计 总消费额 消费额 历史消费 消费总金额 总消费金额 累计消费额 累计消费总额"
    " totalspent spent spend totalspend lifetimespend lifetimevalue amount total",
    "note": "备注 说明 注意事项 备注信息 特别说明 来源 公众号 过敏史 病史 note notes remark remarks comment comments",
    "email": "邮箱 邮件 电子邮箱 电子邮件 邮箱地址 邮件地址 客户邮箱 会员邮箱 主人邮箱 email emails mail emailaddress",
    "wechat": "微信 微信号 微信id 微信账号 客户微信 会员微信 主人微信 主人微信号 wechat wechatid weixin wx vx",
    "address": "地址 住址 家庭住址 家庭地址 联系地址 居住地址 现住址 客户地址 会员地址 主人地址 通讯地址 详细地址 address homeaddress addr",
    "tags": "标签 标签名 客户标签 会员标签 主人标签 分类 客户分类 会员分类 tags tag labels label category",
    "pet_name": "宠物名 宠物名称 宠物姓名 宠物昵称 宠物 昵称 爱宠 毛孩子 犬名 猫名 宠物名字 爱宠名字 爱宠名称 爱宠昵称 爱宠姓名 宝贝 宝贝名字 动物名 动物名称 pet petname pet name animal patient patientname",
    "species": "种类 类别 宠物种类 宠物类型 宠物类别 类型 物种 动物种类 犬猫 宠物物种 种属 species kind pettype animaltype type",
    "breed": "品种 宠物品种 犬种 猫种 爱宠品种 动物品种 品类 breed petbreed",
    "sex": "性别 宠物性别 公母 雌雄 爱宠性别 动物性别 公母性别 sex petsex petgender",
    "birthday": "宠物生日 爱宠生日 宠物出生年月 出生时间 出生日 出生日期 生日 宠物出生日期 出生年月 birthday birthdate dob dateofbirth petbirthday born",
    "neutered": "绝育 是否绝育 绝育否 是否已绝育 宠物绝育 绝育与否 绝育情况 绝育状态 已绝育 neutered sterilised sterilized spayed spayedneutered",
    "chip": "芯片 芯片号 芯片号码 微芯片号 芯片编号 芯片码 宠物芯片 chip chipno microchip chipnumber microchipno",
}
_TARGET_OF = {fold(word).replace(" ", ""): target for target, words in _WORDS.items() for word in words.split(" ")}
_UNIT = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]|[*＊:：_\-\s.·/]")
_NUMBERED = re.compile(r"^第?[一二三四五1-5①②③④⑤][只个位号.、]?|[一二三四五1-5①②③④⑤]$")
_ABOUT = re.compile(r"(?:基本|基础|详细)?(?:信息|资料|档案|情况|信息栏|info|information|details)$")
_PERSON_GROUP = frozenset({"主人", "客户", "会员", "宠主", "顾客", "客人", "owner", "customer", "client"})
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


# What programs print below a list, or again on each page of it.
_TOTAL_ROW = re.compile(
    r"(?:本页|本店|全部)?(?:合计|总计|小计|总数|汇总|合計|總計|共计)(?:[:：\s(（\d].*)?|共\s*\d+\s*(?:条|人|位|行|户|名|个|只|笔).*"
    r"|(?:grand )?total(?:[:\s].*)?|sub-?total.*|sum"
    r"|(?:制表|填表|打印|导出|审核|复核|制单|统计)(?:人|时间|日期|员)?\s*:.*|第\s*\d+\s*页.*|-+\s*end.*"
)


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


def signature_of(header: Header) -> str:
    """The same for every list with exactly these headings, however they are written; pages of one program's lists share it."""
    keys = [header_key(header.label(column)) for column in range(len(header.names))]
    return hashlib.sha256("\x1f".join(keys).encode()).hexdigest()[:32]


def target_of(name: str, group: str = "") -> str:
    """What a header means, or IGNORE."""
    key, above = header_key(name), _ABOUT.sub("", header_key(group))
    if above in _PERSON_GROUP and key in _IN_PERSON:
        return _IN_PERSON[key]
    if above in _PET_GROUP and key in _IN_PET:
        return _IN_PET[key]
    target = _TARGET_OF.get(key, IGNORE)
    return target or _TARGET_OF.get(_NUMBERED.sub("", key), IGNORE)


def find_header(rows: Sequence[tuple[int, Sequence[str]]]) -> Header | None:
    """Find the row that names the columns among the first ones: below titles and merged groups; None when empty.

    Args:
        rows: (number in the file, cells) of the first rows, without empty ones.
    """
    best, best_score = None, 0
    for index, (number, _) in enumerate(rows[:HEADER_SEARCH_ROWS]):
        header = header_at(rows, number)
        names, groups = (header.names, header.groups) if header else ((), ())
        score = len({target_of(name, groups[column] if groups else "") for column, name in enumerate(names)} - {IGNORE})
        if score > best_score and any(cell.strip() in names for cell in rows[index][1] if cell.strip()):
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
    above: Sequence[str] = ()
    if position > 0 and rows[position - 1][0] == row_no - 1:
        above = [cell.strip().replace("\n", " ")[:80] for cell in rows[position - 1][1]]
    if len({text for text in above if text}) > 1 and sum(map(bool, names)) > 1:
        # A heading merged over both lines stands in the upper one: 姓名 beside 宠物 over 名字 and 品种.
        names += [""] * (len(above) - len(names))
        names = [name or (above[column] if column < len(above) else "") for column, name in enumerate(names)]
    while names and not names[-1]:
        names.pop()
    return Header(row_no, tuple(names), _groups(above, names))


def _groups(above: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    if len({text for text in above if text}) < 2:
        return ()  # a title over the whole width groups nothing
    spread: list[str] = []
    for column, name in enumerate(names):
        text = above[column] if column < len(above) else ""
        spread.append(text or (spread[-1] if spread else ""))
        if text == name:
            spread[-1] = ""  # merged downwards, it is the name itself
    return tuple(spread)


def is_below_list(first: str) -> bool:
    """Whether a row whose first word this is belongs to what is printed below a list, not to the list."""
    return _TOTAL_ROW.fullmatch(fold(first)) is not None


def is_header_again(names: Sequence[str], cells: Sequence[str]) -> bool:
    """The headings once more, as a printed list has them on each page."""
    return (
        len(names) > 1 and cells[0].strip() == names[0] and [cell.strip() for cell in cells[: len(names)]] == [*names]
    )


def propose_mapping(
    header: Header,
    *,
    remembered: Mapping[str, str],
    allowed: Sequence[str] = TARGETS,
    own: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Propose a target per column: what the tenant chose last time, else what the words say; each target once.

    `own` are the words of the tenant's own fields; they outweigh ours but for who and whose it is.
    """
    meant = []
    for column, name in enumerate(header.names):
        said = target_of(name, _group_of(header, column))
        if own and said not in {"name", "phone", "pet_name"}:
            said = own.get(header_key(name), said)
        meant.append(remembered.get(header_key(header.label(column)), said))
    meant = _told_apart(header, meant, remembered)
    taken: set[str] = set()
    proposed: list[str] = []
    for target in meant:
        if target == "phone" and "phone" in taken and "phone2" not in taken:
            target = "phone2"  # noqa: PLW2901 - the second phone is one of its own
        if target not in allowed or (target in taken and target not in REPEATABLE):
            target = IGNORE  # noqa: PLW2901 - as above
        if target:
            taken.add(target)
        proposed.append(target)
    return tuple(proposed)


def _group_of(header: Header, column: int) -> str:
    return header.groups[column] if column < len(header.groups) else ""


def _told_apart(header: Header, meant: Sequence[str], remembered: Mapping[str, str]) -> list[str]:
    """性别 and 生日 before the first column about a pet are the person's; without a pet's name nothing is a pet's."""
    first_pet = next(
        (column for column, target in enumerate(meant) if target in {"pet_name", "species", "breed"}), None
    )
    has_pets = "pet_name" in meant
    told: list[str] = []
    for column, target in enumerate(meant):
        bare = header_key(header.names[column]) in {"性别", "sex", "生日", "出生日期", "birthday", "dob"}
        chosen = header_key(header.label(column)) in remembered or header_key(_group_of(header, column)) in _PET_GROUP
        mine = bare and not chosen and (first_pet is None or column < first_pet)
        if target == "sex" and (mine or not has_pets):
            told.append("gender" if "gender" not in (*meant, *told) else IGNORE)
        elif (target in SUBJECT_TARGETS and (not has_pets or mine)) or (
            target.startswith(f"{OWN_PREFIX}subject:") and not has_pets
        ):
            told.append(IGNORE)
        else:
            told.append(target)
    return told


def mapping_problems(mapping: Sequence[str]) -> tuple[str, ...]:
    """Why a mapping cannot be used: codes; nothing when it can."""
    problems = [] if "name" in mapping else ["name-not-mapped"]
    used = [target for target in mapping if target and target not in REPEATABLE]
    if len(set(used)) != len(used):
        problems.append("mapped-twice")
    if any(target not in (*TARGETS, IGNORE) and not target.startswith(OWN_PREFIX) for target in mapping):
        problems.append("unknown-target")
    about_pets = any(target in SUBJECT_TARGETS or target.startswith(f"{OWN_PREFIX}subject:") for target in mapping)
    if about_pets and "pet_name" not in mapping:
        problems.append("pet-name-not-mapped")
    return tuple(problems)
