"""What a vendor writes against (`api`, `testing`) and the verticals; nothing in core or web imports from here."""
