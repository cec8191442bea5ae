"""One line of text that people type: how it is tidied, and what it must not hold."""

import unicodedata

from django.core.exceptions import ValidationError

JOINERS = frozenset("\u200c\u200d")  # part of words in some scripts
CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def clean_line(text: str) -> str:
    """Without blanks at the ends and with single ones between, and composed, so that what looks the same is the same.

    A character that must not be there stays, for `validate_line` to find.
    """
    return " ".join(part for part in unicodedata.normalize("NFC", text).split(" ") if part).strip()


def validate_line(text: str) -> None:
    """Raises ValidationError for characters that can't be seen: line breaks, NUL, what turns the writing direction."""
    if any(unicodedata.category(each) in CONTROLS and each not in JOINERS for each in text):
        raise ValidationError("Leave out line breaks and other characters that can't be seen.", code="control")


def validate_name(text: str) -> None:
    """The same, and something must be seen. Raises ValidationError."""
    validate_line(text)
    if not any(unicodedata.category(each)[0] in "LNPS" for each in text):
        raise ValidationError("Enter a name that can be read.", code="invisible")
