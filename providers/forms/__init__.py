"""Forms of the provider pages: the shape of what people type, and words at the field that is wrong."""

from providers.forms.actions import CordonForm, LeaveReleaseForm
from providers.forms.provider import ProviderForm, ProviderUpdateForm

__all__ = ["CordonForm", "LeaveReleaseForm", "ProviderForm", "ProviderUpdateForm"]
