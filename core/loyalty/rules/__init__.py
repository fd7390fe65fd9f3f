"""The engine of loyalty: pure functions over whole fen, whole points, days of the tenant's zone and exact fractions."""
