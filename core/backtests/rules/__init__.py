"""What a draft of the rules would do: the shape of an effect, and the pure fold over purchases behind it."""
