"""What a file is, whether it is taken, and how a photo is made harmless; no database, no clock."""

from core.files.rules.kinds import (
    DOCUMENTS,
    IMAGES,
    PDF,
    FileRefused,
    Kind,
    clean_filename,
    hash_of_token,
    kind_of,
    own_filename,
)
from core.files.rules.pictures import MAX_PIXELS, Picture, draw_again, read_drawing
from core.files.rules.sounds import SOUNDS

__all__ = [
    "DOCUMENTS",
    "IMAGES",
    "MAX_PIXELS",
    "PDF",
    "SOUNDS",
    "FileRefused",
    "Kind",
    "Picture",
    "clean_filename",
    "draw_again",
    "hash_of_token",
    "kind_of",
    "own_filename",
    "read_drawing",
]
