"""Changes of access, as the allowlist pages and the matrix send them.

A grid sends its check boxes, with what they showed; only what differs from that is a change, so that nobody takes back
what somebody else has done meanwhile. The script, and the page that asks, send the changes themselves, compactly: a
matrix has more check boxes than a request may have fields.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from providers.access import ACCESS_OF, LETTERS
from providers.choices import Access
from providers.rules import Pair

MOST_CHANGES = 10_000  # of 68 characters each: well within what Django takes as one request
UNREADABLE = "The form could not be read. Look at the present state and make your changes again."
TOO_MANY = f"Change at most {MOST_CHANGES} at once."
ALL = "all"

Changes = dict[Pair, tuple[Access, Access]]
"""What was shown, and what is wanted."""


class NumbersField(forms.Field):
    """Any number of natural numbers, such as the positions of the boxes that are checked."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> frozenset[int]:
        texts = value or []
        if not all(text.isascii() and text.isdigit() and len(text) < 8 for text in texts):
            raise ValidationError(UNREADABLE)
        return frozenset(map(int, texts))


class IdsField(forms.CharField):
    """Ids in hexadecimal, with commas between."""

    def to_python(self, value: Any) -> list[UUID]:  # type: ignore[override]
        return [_uuid(text) for text in (super().to_python(value) or "").split(",") if text]

    def run_validators(self, value: Any) -> None:
        """They are those of a text."""


class AccessForm(forms.Form):
    """Once valid, `changes` holds what the person changed."""

    providers = IdsField(required=False)
    organizations = IdsField(required=False)
    shown = forms.CharField(required=False)
    allowed = NumbersField(required=False)
    closing = NumbersField(required=False)
    changes_text = forms.CharField(required=False)
    close_instead = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.changes: Changes = {}
        if self.errors:
            return cleaned
        sent_by_script = "changes_text" in self.data
        self.changes = _parse(cleaned["changes_text"]) if sent_by_script else self._of_boxes(cleaned)
        if len(self.changes) > MOST_CHANGES:
            raise ValidationError(TOO_MANY)
        self._close_instead(cleaned["close_instead"])
        return cleaned

    @property
    def problem(self) -> str:
        """What is wrong with the form as a whole."""
        return TOO_MANY if TOO_MANY in self.non_field_errors() else UNREADABLE

    def _of_boxes(self, cleaned: Mapping[str, Any]) -> Changes:
        pairs = [
            (provider, organization) for organization in cleaned["organizations"] for provider in cleaned["providers"]
        ]
        if len(cleaned["shown"]) != len(pairs) or not set(cleaned["shown"]) <= ACCESS_OF.keys():
            raise ValidationError(UNREADABLE)
        changes = {}
        for place, (pair, letter) in enumerate(zip(pairs, cleaned["shown"], strict=True)):
            old, new = ACCESS_OF[letter], Access.NONE
            if place in cleaned["allowed"]:
                new = Access.CLOSING if place in cleaned["closing"] else Access.OPEN
            if new != old:
                changes[pair] = (old, new)
        return changes

    def _close_instead(self, which: str) -> None:
        """What was to be removed closes; where nothing is, closing is the same as removing."""
        chosen = set(self.changes) if which == ALL else {_pair(which)} if which else set()
        for pair in chosen & self.changes.keys():
            old, new = self.changes[pair]
            self.changes[pair] = (old, Access.CLOSING if new == Access.NONE else new)


def as_text(changes: Iterable[tuple[Pair, tuple[Access, Access]]]) -> str:
    """The inverse of what the form reads."""
    return " ".join(f"{pair_text(pair)}.{LETTERS[old]}{LETTERS[new]}" for pair, (old, new) in changes)


def pair_text(pair: Pair) -> str:
    return f"{pair[0].hex}.{pair[1].hex}"


def _parse(text: str) -> Changes:
    changes: Changes = {}
    for word in text.split():
        pair, _, letters = word.rpartition(".")
        if len(letters) != 2 or not set(letters) <= ACCESS_OF.keys():
            raise ValidationError(UNREADABLE)
        changes[_pair(pair)] = (ACCESS_OF[letters[0]], ACCESS_OF[letters[1]])
    return changes


def _pair(text: str) -> Pair:
    provider, _, organization = text.partition(".")
    return _uuid(provider), _uuid(organization)


def _uuid(text: str) -> UUID:
    try:
        return UUID(hex=text)
    except ValueError:
        raise ValidationError(UNREADABLE) from None
