"""Coupons, benefits and periods as pure functions."""
