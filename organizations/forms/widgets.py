"""Fields of forms that Django's own would be too slow for."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.forms.utils import flatatt
from django.utils.safestring import SafeString, mark_safe


class LongSelect(forms.Select):
    """Looks as Django's, which renders a template for each option; there may be hundreds."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        attributes = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        chosen = self.format_value(value)
        return mark_safe(f"<select{attributes}>{options(self.choices, chosen[0] if chosen else '')}</select>")  # noqa: S308


class NamesIterator(ModelChoiceIterator):
    """Ids and names as one query has them: making an object of each row takes longer than writing the page."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        yield from self.queryset.values_list("pk", "name")


class NameChoiceField(forms.ModelChoiceField):
    """Of hundreds of things that have a name."""

    widget = LongSelect
    iterator = NamesIterator


def options(choices: Iterable[tuple[Any, Any]], chosen: object) -> SafeString:
    """Values with their labels, or groups with their choices, as the options of a select."""
    return mark_safe("".join(_options(choices, escape(str(chosen or "")))))  # noqa: S308


def _options(choices: Iterable[tuple[Any, Any]], mark: str) -> Iterator[str]:
    for value, label in choices:
        written = escape(str(value))
        if isinstance(label, list | tuple):
            yield f'<optgroup label="{written}">{"".join(_options(label, mark))}</optgroup>'
        else:
            selected = " selected" if written == mark else ""
            yield f'<option value="{written}"{selected}>{escape(str(label))}</option>'
