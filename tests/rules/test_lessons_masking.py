"""Nobody of a case can be known by what goes into the library: no name, no number, however it is written."""

import pytest

from core.lessons.rules.masking import Known, leaks, mask, pieces_of

KNOWN = Known(
    (
        ("customer", "周文博"),
        ("customer", "欧阳晓红"),
        ("customer", "Zhou Wenbo"),
        ("pet", "年糕"),
        ("pet", "Lucky"),
        ("staff", "李建国"),
        ("staff", "陈静"),
        ("phone", "+8613878106871"),
        ("phone", "+865468123456"),
        ("number", "900123456789012"),
        ("number", "M20251107"),
        ("wechat", "zwb_1988"),
        ("mail", "zhou.wenbo@example.cn"),
        ("address", "东营区济南路12号"),
    )
)
PLAIN = (
    "周文博",
    "文博",
    "欧阳",
    "晓红",
    "wenbo",
    "年糕",
    "lucky",
    "建国",
    "陈静",
    "138781",
    "6871",
    "8123456",
    "zwb_1988",
    "济南路",
)
TEXTS = (
    "周文博带年糕来做绝育，李建国医生没有说明风险。",
    "周 文 博 说年 糕伤口裂开了",
    "文博很生气，要求退费",
    "周先生反映等了两个小时",
    "小周说不会再来",
    "老周的狗不吃饭",
    "周女士的猫在寄养时丢了",
    "客户周某要求道歉",
    "欧阳晓红投诉前台态度冷漠",
    "欧阳女士要说法",
    "晓红说费用超出预估30%以上",
    "电话13878106871，请回电",
    "电话 138-7810-6871",
    "电话：138 7810 6871（晚上）",
    "手机１３８７８１０６８７１",
    "一三八七八一零六八七一",
    "幺三八七八幺零六八七幺",
    "+86 138 7810 6871",
    "尾号6871的客户",
    "座机0546-8123456",
    "座机8123456",
    "微信号：zwb_1988",
    "加微信 zwb_1988 发照片",
    "WeChat: ZWB_1988",
    "邮箱zhou.wenbo@example.cn",
    "住在东营区济南路12号3单元502室",
    "家住济南路12号",
    "鲁E12345的车来接",
    "车牌鲁E·AB123",
    "新能源鲁ED12345停在门口",
    "芯片号900123456789012",
    "芯片 900 123 456 789 012",
    "会员号M20251107",
    "订单号：DD2025110733",
    "病历号 BL-20251107",
    "单号SF1234567890",
    "陈静护士没有交代注意事项",
    "陈护士换药时弄疼了它",
    "小陈态度差",
    "李医生诊断有误",
    "建国医生不在，是小李看的",
    "LUCKY手术中死亡",
    "lucky 在寄养期间跑了",
    "Zhou Wenbo wrote to us about Lucky",
    "ZHOU  WENBO",
    "身份证370502198801011234",
    "QQ号 12345678",
    "王小明先生和张阿姨也看到了",
    "前台赵姐说可以退",
    "开发区府前大街100号锦绣花园3号楼2单元",
    "周文博（13878106871）与陈静发生争执，年糕受惊",
)


def test_the_corpus_is_large_enough() -> None:
    assert len(TEXTS) >= 40
    assert len(set(TEXTS)) == len(TEXTS)


@pytest.mark.parametrize("text", TEXTS)
def test_no_known_name_or_number_survives(text: str) -> None:
    masked = mask(text, KNOWN)
    assert masked.cuts, text
    flat = "".join(sign for sign in masked.text.casefold() if not sign.isspace())
    for word in PLAIN:
        assert word not in flat, (text, masked.text)
    assert leaks(masked.text, KNOWN) == (), masked.text
    assert mask(masked.text, KNOWN).text == masked.text


@pytest.mark.parametrize(
    "text",
    [
        "费用12000元，超出预估30%以上",
        "24小时内给出解决方案，48小时内当面沟通",
        "体温39.5度，体重8.2千克，输液500毫升",
        "2025年11月7日上午10点30分来院",
        "等候了3小时，前台没有解释",
        "手术后第3天伤口渗液，复查免费",
        "小时候打过疫苗，小路边捡到的",
        "和客户沟通成功，应该高兴",
    ],
)
def test_what_happened_stays_readable(text: str) -> None:
    assert mask(text, KNOWN).text == text


def test_what_was_taken_out_is_marked_for_the_reviewer() -> None:
    text = "周文博说年糕死了"
    pieces = pieces_of(text, mask(text, KNOWN))
    assert "".join(piece.old for piece in pieces) == text
    assert [(piece.old, piece.shown, piece.kind) for piece in pieces] == [
        ("周文博", "〔客户〕", "customer"),
        ("说", "说", ""),
        ("年糕", "〔宠物〕", "pet"),
        ("死了", "死了", ""),
    ]
    assert pieces_of("", mask("", KNOWN)) == ()


def test_a_latin_name_inside_another_word_is_another_word() -> None:
    known = Known((("pet", "Ann"), ("pet", "")))
    assert mask("annoyed", known).text == "annoyed"
    assert mask("Ann!", known).text == "〔宠物〕!"
