"""Registering and editing a provider."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator

from providers.access_urls import access_url
from providers.addresses import default_devurl_host, normalise_hostname, validate_devurl_host, validate_name
from providers.choices import CredentialKind
from providers.forms.credential import KEEP, TYPED_TEXT, WAYS, CredentialForm
from providers.forms.scheduling import SchedulingForm
from providers.models import ClusterCredential, WorkspaceProvider
from providers.scheduling import SCHEDULING
from providers.services import Registration

MOST_REPLICAS = 10
FIELD_OF_ERROR = {"name_taken": "name", "place_taken": "namespace"}
PROVIDER_FIELDS = (
    "name", "hostname", "devurl_host", "ssh_enabled", "cluster_address", "namespace", "storage_class",
    *SCHEDULING, "envproxy_image", "envproxy_replicas",
)  # fmt: skip
MORE_FIELDS = ("devurl_host", "ssh_enabled", "envproxy_image", "envproxy_replicas")
PLACE_FIELDS = ("storage_class", *SCHEDULING)

validate_storage_class = RegexValidator(
    r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", "Use lowercase letters, digits, hyphens and dots, as Kubernetes does."
)
validate_image = RegexValidator(
    r"^[a-zA-Z0-9][\w.\-/:@]*\Z", "Use an image reference, such as registry.example.com/envproxy:0.1.0."
)


def hostname_pattern() -> str:
    """What a hostname looks like in this deployment: `https://NAME.coder.example.com`."""
    parts = urlsplit(access_url())
    return f"{parts.scheme}://NAME.{parts.netloc}"


class ProviderForm(SchedulingForm, CredentialForm):
    """Everything that a person says about a new provider."""

    name = forms.CharField(
        max_length=63,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"placeholder": "sydney", **TYPED_TEXT}),
        help_text="Lowercase letters, digits and hyphens. People see it when they choose where an environment runs.",
    )
    hostname = forms.CharField(
        label="Provider hostname",
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"inputmode": "url", **TYPED_TEXT}),
    )
    devurl_host = forms.CharField(
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs={"placeholder": "*.sydney.coder.example.com", **TYPED_TEXT}),
        help_text="Where developers' ports are served. Empty: every name below the provider hostname.",
    )
    ssh_enabled = forms.BooleanField(
        label="Allow SSH to environments",
        required=False,
        initial=True,
        help_text="By the command line, through envproxy.",
    )
    storage_class = forms.CharField(
        required=False,
        max_length=253,
        validators=[validate_storage_class],
        widget=forms.TextInput(attrs=TYPED_TEXT),
        help_text="For the disks of environments. Empty: the cluster's default.",
    )
    envproxy_image = forms.CharField(
        label="envproxy image",
        required=False,
        max_length=255,
        validators=[validate_image],
        widget=forms.TextInput(attrs=TYPED_TEXT),
        help_text="For clusters that pull from a registry of their own. Empty: the one of this deployment.",
    )
    envproxy_replicas = forms.IntegerField(
        label="envproxy replicas",
        initial=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_REPLICAS)],
        widget=forms.NumberInput(attrs={"min": 1, "max": MOST_REPLICAS}),
        help_text="Two or more keep the provider reachable while a node is replaced.",
    )

    field_order = ["name", "hostname"]  # the page's order, in which errors are listed

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.fields["name"].widget.attrs["autofocus"] = True
        pattern = hostname_pattern()
        self.fields["hostname"].widget.attrs["placeholder"] = pattern
        self.fields["hostname"].help_text = f"A subdomain of this deployment. Empty: {pattern} with the name above."
        self.fields["way"].initial = CredentialKind.KUBECONFIG

    @property
    def more_is_open(self) -> bool:
        return any(name in self.errors for name in MORE_FIELDS)

    @property
    def places_are_open(self) -> bool:
        return any(name in self.errors or self[name].value() for name in PLACE_FIELDS)

    def clean_hostname(self) -> str:
        typed = self.cleaned_data["hostname"] or self._hostname_of_name()
        return normalise_hostname(typed, access_url=access_url()) if typed else ""

    def _hostname_of_name(self) -> str:
        """Empty while the name is wrong: one error is enough then."""
        name = str(self.data.get("name", "")).strip()
        try:
            validate_name(name)
        except ValidationError:
            return ""
        return hostname_pattern().replace("NAME", name, 1)

    def clean_devurl_host(self) -> str:
        typed = self.cleaned_data["devurl_host"]
        return validate_devurl_host(typed) if typed else ""

    def registration(self) -> Registration:
        data = {name: self.cleaned_data[name] for name in PROVIDER_FIELDS}
        return Registration(credential_kind=CredentialKind(self.cleaned_data["way"]), **data)

    def add_service_errors(self, error: ValidationError) -> None:
        """Each refusal of the service at the field that it is about."""
        by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
        for name, errors in by_field.items():
            for one in errors:
                shown = FIELD_OF_ERROR.get(one.code or "", name)
                if shown == "cluster_address" and self.cleaned_data.get("way") == CredentialKind.KUBECONFIG:
                    shown = "kubeconfig"  # that is where the address stands
                self.add_error(shown if shown in self.fields else None, one)


class ProviderUpdateForm(ProviderForm):
    """The same for a provider that exists; its credential stays unless another one is given."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, provider: WorkspaceProvider, **kwargs: Any) -> None:
        initial = {name: getattr(provider, name) for name in (*PROVIDER_FIELDS, "revision")}
        super().__init__(*args, initial=initial, **kwargs)
        self.provider = provider
        self.has_credential = ClusterCredential.objects.filter(provider=provider).exists()
        keep = "Keep what is set" if self.has_credential else "None yet: wait for the provider's first call"
        self.fields["way"].choices = [(KEEP, keep), *WAYS[:2]]  # type: ignore[attr-defined]
        self.fields["way"].initial = KEEP
        self.fields["way"].label = "Cluster credential"
        self.fields["hostname"].required = True
        self.fields["hostname"].help_text = "A subdomain of this deployment."
        self.fields["name"].widget.attrs.pop("autofocus", None)
        if provider.storage_classes:
            self.fields["storage_class"].widget.attrs["list"] = "storage-classes"
        if provider.built_in:
            self._fix_place()

    def _fix_place(self) -> None:
        """The deployment's own cluster is no choice: these are shown, and what is sent for them is ignored."""
        for name in ("hostname", "cluster_address", "namespace"):
            self.fields[name].disabled = True
            self.fields[name].help_text = "This deployment's own; it can't be changed here."
        for name in ("way", "kubeconfig", "sealed_kubeconfig", "context", "ca_pem", "token"):
            del self.fields[name]

    def clean_hostname(self) -> str:
        """What was accepted once stays accepted: the access URL may have changed since."""
        typed = str(self.cleaned_data["hostname"])
        return typed if typed == self.provider.hostname else super().clean_hostname()

    def clean_devurl_host(self) -> str:
        """Follows the hostname as long as it was the one derived from it."""
        typed = super().clean_devurl_host()
        hostname = self.cleaned_data.get("hostname") or self.provider.hostname
        was_derived = typed == self.provider.devurl_host == default_devurl_host(self.provider.hostname)
        return default_devurl_host(hostname) if was_derived or not typed else typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.provider.built_in:
            return cleaned
        if cleaned.get("way") == KEEP:
            self._clean_address()
        return cleaned

    def changes(self) -> dict[str, Any]:
        """For update_provider. With another credential, its kind."""
        changes = {name: self.cleaned_data[name] for name in PROVIDER_FIELDS}
        if self.target:
            changes["credential_kind"] = CredentialKind(self.cleaned_data["way"])
        return changes

    def lost_input(self) -> list[tuple[str, str]]:
        """Label and text of what was typed and differs from the stored values: for a form that somebody overtook."""
        typed = [self[name] for name in self.changed_data if name in PROVIDER_FIELDS]
        return [(str(field.label), str(field.value())) for field in typed]
