"""Local opening hours turned into instants."""
