"""Evidence in words: kinds, what is to be secured, and what was done with a piece."""

from typing import Final

from core.evidence.rules import Fault
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
VERDICTS: Final = {"holds": N_("everything holds"), "broken": N_("something does not hold")}
FAULTS: Final = {
    "altered": N_("The words were changed after they were sealed"),
    "unreadable": N_("What was sealed cannot be read"),
    "mislabelled": N_("It stands under a case or number that is not its own"),
    "out_of_order": N_("A link is missing before it, or stands in the wrong place"),
    "wrong_previous": N_("It does not hold on to the one before it: one was put in or taken out"),
    "other_record": N_("The record shows something else than what was sealed"),
    "file_changed": N_("The file is not the one that was secured"),
    "file_missing": N_("The file is gone"),
    "cut_off": N_("The last links are missing, or some were added past the log"),
    "no_head": N_("The head of the chains is gone"),
}
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
    ours = ORIGINS | VERDICTS
    return gettext(ours[reason]) if reason in ours else reason


def fault_words(faults: tuple[Fault, ...]) -> list[str]:
    """Each fault in a line: which piece or line of custody, and what is wrong with it."""
    said = []
    for fault in faults:
        place = gettext("Custody") if fault.part == "custody" else gettext("Evidence")
        name = f" · {fault.label}" if fault.label else ""
        said.append(f"{place} {fault.seq}{name}: {gettext(FAULTS[fault.reason])}")
    return said


def size_text(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(size // 1000, 1)} KB"
