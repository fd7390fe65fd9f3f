"""What holds of a program by itself: no database, no clock."""
