"""The part of the provider form that asks how the cluster is reached."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from organizations.models import User
from providers.addresses import normalise_cluster_address, validate_namespace
from providers.choices import CredentialKind
from providers.forms.sealing import SealError, seal, unseal
from providers.kube.kubeconfig import Context, Kubeconfig, parse_kubeconfig
from providers.kube.kubeconfig_rules import KubeconfigError
from providers.kube.pem import PemError, normalise_certificates
from providers.target import ClusterTarget

KEEP = "keep"
WAYS = (
    (CredentialKind.KUBECONFIG, "Paste a kubeconfig"),
    (CredentialKind.FIELDS, "Enter a token"),
    (CredentialKind.ENROLMENT, "I run Helm myself"),
)
TYPED_TEXT = {"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}


class WayField(forms.CharField):
    """Needed by some of the ways only. The form asks for it; the field itself is neither optional nor required."""

    def validate(self, value: Any) -> None:
        """An empty one is the form's to judge."""


class SecretTextarea(forms.Textarea):
    """Never shows what was typed into it, as password fields do."""

    def format_value(self, value: Any) -> None:
        return None


class CredentialForm(forms.Form):
    """Once valid, `target` is the credential (None: none given), and the cleaned data hold address and namespace."""

    way = forms.ChoiceField(label="How does CoderAdmin reach the cluster?", choices=WAYS, widget=forms.RadioSelect)
    kubeconfig = WayField(
        label="Kubeconfig",
        widget=SecretTextarea(attrs={"class": "mono", "rows": 8, **TYPED_TEXT}),
        help_text="One that holds everything inline: kubectl config view --raw --flatten --minify",
    )
    sealed_kubeconfig = forms.CharField(required=False, widget=forms.HiddenInput)
    context = WayField(label="Which context of the kubeconfig?", widget=forms.RadioSelect)
    cluster_address = WayField(
        max_length=300,
        widget=forms.TextInput(attrs={"placeholder": "https://203.0.113.7:6443", "inputmode": "url", **TYPED_TEXT}),
        help_text="The Kubernetes API server, as this deployment reaches it. It must be https.",
    )
    ca_pem = forms.CharField(
        label="CA certificate",
        required=False,
        widget=forms.Textarea(
            attrs={"class": "mono", "rows": 5, "placeholder": "-----BEGIN CERTIFICATE-----", **TYPED_TEXT}
        ),
        help_text="PEM. Empty: the API server's certificate is signed by a CA that everybody trusts.",
    )
    token = WayField(
        widget=forms.PasswordInput(attrs={"class": "mono", "autocomplete": "new-password"}),
        help_text="Of a service account. It is stored encrypted and never shown again.",
    )
    namespace = WayField(
        max_length=63,
        validators=[validate_namespace],
        widget=forms.TextInput(attrs={"placeholder": "coder", **TYPED_TEXT}),
    )
    use_required_attribute = False

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.target: ClusterTarget | None = None
        self.contexts: tuple[Context, ...] = ()

    @property
    def kubeconfig_is_kept(self) -> bool:
        return bool(self.contexts)

    @property
    def token_is_needed_again(self) -> bool:
        """A form that comes back holds everything but the token."""
        return self.is_bound and bool(self.errors) and bool(self.data.get("token"))

    @property
    def refused_contexts(self) -> list[Context]:
        return [context for context in self.contexts if context.refusal]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        way = cleaned.get("way")
        if way == CredentialKind.KUBECONFIG:
            self._clean_kubeconfig()
        elif way == CredentialKind.FIELDS:
            self._clean_address_and_token()
        elif way == CredentialKind.ENROLMENT:
            self._clean_address()
        if way != CredentialKind.KUBECONFIG:
            self._require("namespace", "Enter the namespace.")
        return cleaned

    def _clean_address_and_token(self) -> None:
        self._clean_address()
        self._require("token", "Enter the token.")
        data = self.cleaned_data
        try:
            ca_pem = normalise_certificates(data.get("ca_pem", "")) if data.get("ca_pem") else ""
        except PemError as error:
            self.add_error("ca_pem", f"This can't be used: {error}.")
            return
        token = data.get("token", "")
        if any(not 33 <= ord(character) <= 126 for character in token):
            self.add_error("token", "It has characters that no token has. Paste the token alone, on one line.")
        elif token and "cluster_address" in data:
            self.target = ClusterTarget(
                address=data["cluster_address"], namespace=data.get("namespace", ""), ca_pem=ca_pem, token=token
            )

    def _clean_address(self) -> None:
        self._require("cluster_address", "Enter the cluster address.")
        if address := self.cleaned_data.get("cluster_address"):
            self._normalise_address(address, field="cluster_address")

    def _normalise_address(self, address: str, *, field: str) -> None:
        try:
            self.cleaned_data["cluster_address"] = normalise_cluster_address(address)
        except ValidationError as error:
            self.add_error(field, error)

    def _require(self, name: str, message: str) -> None:
        if name in self.fields and name not in self.errors and not self.cleaned_data.get(name):
            self.add_error(name, message)

    def _clean_kubeconfig(self) -> None:
        text = ""
        try:
            text = self._kubeconfig_text()
            kubeconfig = parse_kubeconfig(text)
        except SealError:
            self._refuse_kubeconfig("The kubeconfig was kept for half an hour only. Paste it again.")
        except KubeconfigError as error:
            self._refuse_kubeconfig(str(error) if text else "Paste the kubeconfig.")
        else:
            self._keep(text, kubeconfig)
            self._choose_context(kubeconfig)

    def _refuse_kubeconfig(self, message: str) -> None:
        self._show_again(sealed_kubeconfig="")
        self.add_error("kubeconfig", message)

    def _show_again(self, **values: str) -> None:
        """What the form's inputs hold when it comes back."""
        self.data = dict(self.data.items()) | values

    def _kubeconfig_text(self) -> str:
        """What was pasted now, or else what was pasted in the step before. Raises SealError."""
        pasted, sealed = self.cleaned_data.get("kubeconfig", ""), self.cleaned_data.get("sealed_kubeconfig", "")
        return unseal(sealed, person=self.person.pk) if sealed and not pasted else pasted

    def _keep(self, text: str, kubeconfig: Kubeconfig) -> None:
        """For the case that the form comes back: the kubeconfig in a sealed field, and its contexts to choose from."""
        self.contexts = kubeconfig.contexts
        usable = [(context.name, _described(context)) for context in self.contexts if not context.refusal]
        self.fields["context"].widget.choices = usable
        chosen = self.cleaned_data.get("context", "")
        names = [name for name, _ in usable]
        self._show_again(sealed_kubeconfig=seal(text, person=self.person.pk))
        if chosen not in names:
            current = kubeconfig.current_context
            self._show_again(context=current if current in names else names[0])
            self.cleaned_data["context"] = names[0] if len(names) == 1 else ""

    def _choose_context(self, kubeconfig: Kubeconfig) -> None:
        name = self.cleaned_data["context"]
        if not name:
            self.add_error("context", "This kubeconfig has several contexts. Choose the one to use.")
            return
        try:
            self.target = kubeconfig.target(name, self.cleaned_data.get("namespace") or None)
        except KubeconfigError as error:
            self.add_error("namespace", str(error))
            return
        self._normalise_address(self.target.address, field="kubeconfig")
        if "namespace" not in self.errors:
            self.cleaned_data["namespace"] = self.target.namespace


def _described(context: Context) -> str:
    namespace = f", namespace {context.namespace}" if context.namespace else ""
    return f"{context.name}: {context.cluster_address}{namespace}, as {context.user}"
