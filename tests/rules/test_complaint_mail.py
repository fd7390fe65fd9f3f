"""A letter is read in whatever charset it came; quotes are cut, machines are refused, and its id makes it once."""

import base64
from email.message import EmailMessage

import pytest

from core.complaints.rules.letters import (
    LOOP_HEADER,
    MAIL_LIMIT,
    MailRefused,
    header_text,
    read_mail,
    text_of_html,
    without_quotes,
)


def letter(body: str = "笼子没有关好，狗跑了", **headers: str) -> bytes:
    message = EmailMessage()
    for name, value in (
        {"From": "周文博 <zhou@example.com>", "Subject": "投诉", "Message_ID": "<1@x>"} | headers
    ).items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message.as_bytes()


def refused(raw: bytes) -> str:
    with pytest.raises(MailRefused) as caught:
        read_mail(raw)
    return caught.value.why


def test_who_wrote_what_and_what_it_answers() -> None:
    found = read_mail(letter(Subject="Re: 回复：关于 C-0012 的答复", In_Reply_To="<b@x>", References="<a@x> <b@x>"))
    assert (found.sender, found.sender_name, found.message_id) == ("zhou@example.com", "周文博", "<1@x>")
    assert (found.number, found.references) == (12, ("<b@x>", "<a@x>"))
    assert found.about == "关于 C-0012 的答复"
    assert found.text == "笼子没有关好，狗跑了"


@pytest.mark.parametrize("charset", ["GB18030", "gb2312", "gbk", "utf-8", "us-ascii", "x-unknown", ""])
def test_words_of_any_claimed_charset_are_read(charset: str) -> None:
    words = "麻醉后没有人看护，家属等了叁小时"
    encoded = words.encode("utf-8" if charset == "utf-8" else "gb18030")
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    subject = base64.b64encode("投诉麻醉".encode("gb18030")).decode()
    raw = f"From: a@b.cn\r\nSubject: =?GB2312?B?{subject}?=\r\nContent-Type: {kind}\r\n\r\n".encode() + encoded
    found = read_mail(raw)
    assert (found.subject, found.text) == ("投诉麻醉", words)


def test_a_header_in_raw_bytes_is_read_too() -> None:
    raw = "From: 王敏 <a@b.cn>\r\nSubject: 投诉\r\n\r\n内容".encode("gb18030")
    found = read_mail(raw)
    assert (found.sender_name, found.subject, found.text) == ("王敏", "投诉", "内容")
    assert header_text(None) == ""
    assert header_text("=?utf-8?B?!!!?=") == ""


@pytest.mark.parametrize(
    "below",
    [
        "-----原始邮件-----\n发件人：客服",
        "------------------ 原始邮件 ------------------\n您好",
        "在 2026年3月2日，客服中心 <a@b.cn> 写道：\n> 您好",
        "客服 <a@b.cn> 于2026年3月2日周一 写道：\n> 您好",
        "On Mon, 2 Mar 2026 at 10:00, Desk <a@b.cn> wrote:\n> hello",
        "发件人: 客服 <a@b.cn>\n发送时间: 今天",
        "From: Desk <a@b.cn>\nSent: today",
        "________________________________\nFrom: x",
        "-- \n周文博\n手机 139",
        "> 您好\n> 我们已收到",
    ],
)
def test_what_is_quoted_below_is_cut(below: str) -> None:
    assert without_quotes(f"还是没有人联系我\n\n{below}") == "还是没有人联系我"


def test_an_answer_written_between_the_quoted_lines_loses_nothing() -> None:
    assert without_quotes("> 请问几点？\n> 三点以后") == "请问几点？\n三点以后"


def test_a_forwarded_letter_keeps_what_it_forwards() -> None:
    assert "猫被抓伤" in read_mail(letter("-----原始邮件-----\n猫被抓伤", Subject="转发：投诉")).text


def test_html_is_read_as_words_without_what_is_not_shown() -> None:
    html = "<html><head><style>p{}</style></head><body><p>第一行&nbsp;好</p><div>第二行</div><blockquote>旧信</blockquote></body></html>"
    assert text_of_html(html) == "第一行 好\n\n第二行\n\n> 旧信".replace("\n\n> ", "\n\n> ")
    message = EmailMessage()
    message["From"] = "a@b.cn"
    message.set_content(html, subtype="html")
    assert read_mail(message.as_bytes()).text.startswith("第一行 好")
    assert "旧信" not in text_of_html('<p>新</p><div id="divRplyFwdMsg">旧信</div>').partition("-----Original")[0]


def test_attachments_come_along_up_to_ten() -> None:
    message = EmailMessage()
    message["From"] = "a@b.cn"
    message.set_content("见附件")
    for number in range(12):
        message.add_attachment(b"x", maintype="image", subtype="png", filename=f"图{number}.png")
    found = read_mail(message.as_bytes())
    assert (len(found.attachments), found.left_out) == (10, 2)
    assert found.attachments[0].filename == "图0.png"


def test_a_letter_inside_a_letter_is_left_alone() -> None:
    inner = EmailMessage()
    inner["Subject"] = "旧信"
    inner.set_content("旧信的内容")
    message = EmailMessage()
    message["From"] = "a@b.cn"
    message.set_content("请看附信")
    message.add_attachment(inner)
    assert read_mail(message.as_bytes()).text == "请看附信"


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto_Submitted": "auto-replied"}, "automatic"),
        ({"X_Autoreply": "yes"}, "automatic"),
        ({"Precedence": "auto_reply"}, "automatic"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"List_Id": "<news.example.com>"}, "bulk"),
        ({"Return_Path": "<>"}, "bounce"),
        ({"From": "MAILER-DAEMON@example.com"}, "bounce"),
        ({LOOP_HEADER: "C-0012"}, "loop"),
        ({"From": "不是地址"}, "no_sender"),
    ],
)
def test_what_no_person_wrote_is_refused(headers: dict[str, str], why: str) -> None:
    assert refused(letter(**headers)) == why


def test_a_person_who_says_that_nothing_is_automatic_is_read() -> None:
    assert read_mail(letter(Auto_Submitted="no")).text


def test_a_letter_that_went_in_circles_is_refused() -> None:
    assert refused(b"Received: by x\r\n" * 51 + letter()) == "loop"


def test_nothing_and_too_much_are_refused() -> None:
    assert refused(b"From: a@b.cn\r\n\r\n") == "empty"
    assert refused(b"x" * (MAIL_LIMIT + 1)) == "too_large"
    assert refused(b"\xff\x00\xfe") == "no_sender"


def test_a_letter_without_an_id_is_known_by_its_bytes() -> None:
    raw = b"From: a@b.cn\r\nSubject: x\r\n\r\nhello"
    assert read_mail(raw).message_id == read_mail(raw).message_id != read_mail(raw + b"!").message_id
