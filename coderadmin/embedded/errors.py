"""The one error of the embedded parts."""


class EmbeddedError(Exception):
    """Something keeps an embedded part from working; the text is a sentence for the person who started it."""
