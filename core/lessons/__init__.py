"""What is learnt from a complaint: its cause, what is changed and whether that worked, how cases end, and the case library."""
