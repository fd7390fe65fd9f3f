"""Member cards: the unguessable address under which a customer sees tier, points, coupons and benefits on a phone."""
