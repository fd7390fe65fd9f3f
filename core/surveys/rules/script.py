"""What an interviewer says: consent first, then the opening, the questions and the closing, in both languages."""

from typing import Final

import msgspec

from core.errors import FieldProblem

MAX_PART: Final = 2000
PARTS: Final = ("consent", "opening", "questions", "closing")


class Script(msgspec.Struct, frozen=True):
    """The words of a call; `{name}` stands for the customer, `{clinic}` for the chain, `{me}` for the interviewer."""

    consent: str
    opening: str
    questions: str
    closing: str

    def spoken(self, *, name: str, clinic: str, me: str) -> "Script":
        """Return the script with the names put in; any other brace stays as it was typed."""
        said = []
        for part in PARTS:
            text: str = getattr(self, part)
            for mark, value in (("{name}", name), ("{clinic}", clinic), ("{me}", me)):
                text = text.replace(mark, value)
            said.append(text)
        return Script(*said)


def script_problems(script: Script) -> tuple[FieldProblem, ...]:
    """Return what is missing or too long; the consent line cannot be left out (PIPL art. 13)."""
    problems = []
    for part in PARTS:
        text = getattr(script, part)
        if not text.strip() and part in {"consent", "opening"}:
            problems.append(FieldProblem(part, "required"))
        if len(text) > MAX_PART:
            problems.append(FieldProblem(part, "too-long", {"max": MAX_PART}))
    return tuple(problems)


DEFAULTS: Final = {
    "zh_CN": Script(
        consent="您好，请问是{name}吗？我是{clinic}的{me}。想占用您两三分钟做个回访，回答只用来改进服务，您可以随时不答或结束。您愿意吗？",
        opening="谢谢您！最近来过我们这里，想听听您的真实感受，好的不好的都请直说。",
        questions="按下面的顺序逐题念出，不解释、不引导；客户说不清楚时重复一遍题目。不满意的地方请多问一句“具体是哪件事？”并记在意见里。",
        closing="都记下了，谢谢您的时间。您说的问题我会转给负责的同事，需要的话会有人联系您。祝您和家人一切都好！",
    ),
    "en": Script(
        consent="Hello, am I speaking to {name}? This is {me} of {clinic}. May I take two or three minutes of your time? Your answers only serve to improve our service; you may skip any question or stop at any time. Is that all right?",
        opening="Thank you! You were with us not long ago, and we would like to hear how it really was, good or bad.",
        questions="Read each question as it stands, without explaining or leading; repeat it when it is not clear. When somebody is unhappy, ask once more what exactly happened, and write it into the comment.",
        closing="I have written everything down. Thank you for your time. I will pass on what you told me, and somebody will call you if needed. All the best to you and yours!",
    ),
}
