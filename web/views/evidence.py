"""Evidence in words: kinds, what is to be secured, and what was done with a piece."""

from typing import Final

from web.i18n import N_, gettext

KINDS: Final = {
    "medical_record": N_("Medical record"),
    "video": N_("Video from the cameras"),
    "call_recording": N_("Recorded call"),
    "chat_record": N_("Chat messages"),
    "consent": N_("Consent form"),
    "bill": N_("Electronic bill"),
    "sensor": N_("Sensor readings"),
    "photo": N_("Photo"),
    "note": N_("Statement"),
    "other": N_("Something else"),
}
ICONS: Final = {"video": "video", "call_recording": "mic", "chat_record": "message-square", "photo": "image"}
ACTS: Final = {
    "added": N_("Added"),
    "sealed": N_("Sealed"),
    "looked": N_("Looked at"),
    "downloaded": N_("Original taken"),
    "exported": N_("Dossier asked for"),
    "dossier_taken": N_("Dossier taken"),
    "handed_over": N_("Given to somebody"),
    "hold_placed": N_("Legal hold placed"),
    "hold_lifted": N_("Legal hold lifted"),
    "released": N_("Released to the hearing"),
    "withheld": N_("No longer released"),
    "verified": N_("Verified"),
}
ORIGINS: Final = {"upload": N_("uploaded"), "intake": N_("came with the complaint"), "note": N_("written here")}
STATES: Final = {
    "running": (N_("Being written"), "info"),
    "done": (N_("Ready"), "ok"),
    "failed": (N_("A file does not match its seal"), "danger"),
    "expired": (N_("Over"), "neutral"),
}


def kind_options() -> list[tuple[str, str]]:
    """The kinds as a form offers them."""
    return [(kind, gettext(words)) for kind, words in KINDS.items()]


def reason_words(reason: str) -> str:
    """What stands in the custody log as reason: our own words translated, people's as they are."""
    return gettext(ORIGINS[reason]) if reason in ORIGINS else reason


def size_text(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(size // 1000, 1)} KB"
