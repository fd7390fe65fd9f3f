"""What a complaint is made good with: offers with a price, limits per role, the customer's answer, and where it was written."""
