"""The rules of closing and learning, without a database: masks, repeats, days, likeness."""
