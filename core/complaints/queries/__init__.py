"""What is read of complaints: cases and lists, the feed for programs, twins, and what a change would move."""
