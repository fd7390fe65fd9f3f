"""A loyalty program as data: typed rules, not a language. One module per family of rules; `program` holds them together."""
