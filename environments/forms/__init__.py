"""Forms of the environment pages: the shape of what people type, and words at the field that is wrong."""

from environments.forms.create import EnvironmentForm
from environments.forms.delete import DeleteForm
from environments.forms.rebuild import RebuildForm
from environments.forms.why import WhyForm

__all__ = ["DeleteForm", "EnvironmentForm", "RebuildForm", "WhyForm"]
