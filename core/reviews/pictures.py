"""What a picture looks like, in 64 bits that a new size or a saved-again copy hardly changes."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from PIL import Image

_WIDTH, _HEIGHT = 9, 8
_looking: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="looks")


def look_of(content: bytes) -> int:
    """The difference hash: is each of 8 x 8 cells brighter than its right neighbour; signed, as PostgreSQL keeps it."""
    with Image.open(io.BytesIO(content)) as picture:
        small = picture.convert("L").resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
    cells = small.tobytes()
    bits = 0
    for row in range(_HEIGHT):
        for column in range(_WIDTH - 1):
            place = row * _WIDTH + column
            bits = bits << 1 | (cells[place] > cells[place + 1])
    return bits - (1 << 64) if bits >= 1 << 63 else bits


async def look_aside(content: bytes) -> int:
    """`look_of` in a thread; the content was drawn again before, so it is a picture that can be opened."""
    return await asyncio.get_running_loop().run_in_executor(_looking, look_of, content)
