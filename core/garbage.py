"""What stands after a process has started stays: Python need not look through all of it for circles again and again."""

import gc


def keep_what_stands() -> None:
    """Call once, when everything is loaded; looked at before, it made every tenth page wait and took a quarter of an import."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
