"""The part of the provider form that says where on the cluster environments may run."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from providers.forms.credential import TYPED_TEXT
from providers.scheduling import problems_of

LONGEST = 20_000  # characters
MOST_PROBLEMS = 10


class KubernetesField(forms.JSONField):
    """JSON in the shape of a Kubernetes type (providers.scheduling); empty is `empty`, each problem has its place."""

    def __init__(self, *, kind: str, empty: Any, example: str, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"class": "mono", "rows": 4, "placeholder": example, **TYPED_TEXT})
        super().__init__(required=False, max_length=LONGEST, widget=widget, **kwargs)
        self.kind, self.empty = kind, empty

    def to_python(self, value: Any) -> Any:
        """Also what Python's reader of JSON refuses by other errors: depth, and numbers of thousands of digits."""
        text = str(value or "").strip()
        if not text:
            return self.empty
        if len(text) > LONGEST:
            raise ValidationError(f"Use at most {LONGEST} characters.")
        try:
            return json.loads(text, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            raise ValidationError(f"Line {error.lineno}, column {error.colno}: this is no JSON. {error.msg}.") from None
        except (ValueError, RecursionError):
            raise ValidationError("This can't be read as JSON.") from None

    def validate(self, value: Any) -> None:
        if problems := problems_of(self.kind, value):
            raise ValidationError(problems[:MOST_PROBLEMS])

    def run_validators(self, value: Any) -> None:
        """They are those of a text."""

    def prepare_value(self, value: Any) -> Any:
        """What was typed as it was typed, what is stored on lines."""
        if isinstance(value, str):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False) if value else ""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != (initial or self.empty))
        except ValidationError:
            return True


class SchedulingForm(forms.Form):
    """Each field is one of providers.scheduling."""

    tolerations = KubernetesField(
        kind="tolerations",
        empty=[],
        example='[{"key": "dedicated", "operator": "Equal", "value": "coder", "effect": "NoSchedule"}]',
        help_text="A list of tolerations, as in a pod: which tainted nodes environments may run on.",
    )
    node_selector = KubernetesField(
        kind="node_selector",
        empty={},
        example='{"disktype": "ssd"}',
        help_text="Labels that a node must have.",
    )
    affinity = KubernetesField(
        kind="affinity",
        empty={},
        example='{"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}',
        help_text="nodeAffinity, podAffinity and podAntiAffinity, as in a pod.",
    )
    service_account_annotations = KubernetesField(
        label="Service account annotations",
        kind="service_account_annotations",
        empty={},
        example='{"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/coder"}',
        help_text="For the service account of each environment, such as a role of the cloud.",
    )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
