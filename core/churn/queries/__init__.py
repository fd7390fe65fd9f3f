"""What is read about customers who stay away: cases, who keeps silent and why, and the measured lift."""
