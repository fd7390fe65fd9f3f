"""Sources of the pages' scripts and styles, and the hook that builds them."""
