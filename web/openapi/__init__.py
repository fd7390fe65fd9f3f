"""The OpenAPI document: what an operation says of itself, and how the document is made of what all of them say."""
