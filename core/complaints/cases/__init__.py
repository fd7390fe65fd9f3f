"""One case while it is being changed: its lock, its clocks folded from their events, and how they are stored."""
