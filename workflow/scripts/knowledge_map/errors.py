"""What is the user's to mend."""


class UserError(Exception):
    """A mistake in data, configuration or surroundings. Its text is one line: what is wrong, where, and the remedy."""
