"""The rules of shifts: pure functions over patterns, changes and single shifts; no database, no clock."""
