"""Words that a plugin brings in one or several languages, and the choice among them for one reader."""

from collections.abc import Mapping

Text = str | dict[str, str]
"""One text for everybody, or texts by locale: `{"zh-CN": "...", "en": "..."}`."""

LOCALES = ("zh-CN", "en")


def both(zh: str, en: str) -> Text:
    """Words in the two languages of the product."""
    return {"zh-CN": zh, "en": en}


def localized(text: str | Mapping[str, str], locale: str) -> str:
    """The words for a reader: exact locale, then same language, then en, then zh-CN, then any.

    `zh_CN` and `zh-CN` are the same locale.
    """
    if isinstance(text, str):
        return text
    wanted = locale.replace("_", "-")
    if wanted in text:
        return text[wanted]
    language = wanted.partition("-")[0].lower()
    for tag, words in text.items():
        if tag.replace("_", "-").partition("-")[0].lower() == language:
            return words
    for tag in ("en", "zh-CN"):
        if tag in text:
            return text[tag]
    return next(iter(text.values()), "")
