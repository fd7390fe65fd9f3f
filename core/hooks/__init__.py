"""How verticals reach the core; empty on purpose, so that rules may import records without loading pluggy."""
