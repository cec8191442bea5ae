"""The hidden field of the forms that make an envproxy token."""

from typing import Self

from django import forms

from providers.models import WorkspaceProvider


class NewTokenForm(forms.Form):
    """`newest`: the newest token when the form was opened, 0 for none. Sent again, the form makes no second token."""

    newest = forms.IntegerField(min_value=0, max_value=2**63 - 1, widget=forms.HiddenInput)

    @classmethod
    def of(cls, provider: WorkspaceProvider) -> Self:
        """One query."""
        newest = provider.envproxy_tokens.first()
        return cls(initial={"newest": newest.pk if newest else 0})
