"""Official holiday and make-up-day tables, one data file a year with its source."""
