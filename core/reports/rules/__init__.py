"""What the reports of loyalty mean, computed from counted rows alone."""
