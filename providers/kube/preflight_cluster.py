"""Pre-flight checks through the API. They write nothing; reviews are the only POSTs."""

import base64
import binascii
import json
from datetime import UTC, datetime

from cryptography.x509 import load_pem_x509_certificate

from providers.kube.access import denied, grouped, may
from providers.kube.client import KubeClient
from providers.kube.document import Json
from providers.kube.errors import Forbidden, KubeError, NotFound, Reason, Unauthorized
from providers.kube.findings import Finding, Level
from providers.kube.namespaces import namespace_phase
from providers.kube.permissions import INSTALL
from providers.kube.preflight_network import is_near
from providers.kube.storage import DEFAULT as DEFAULT_STORAGE
from providers.kube.storage import list_storage_classes
from providers.kube.version import read_version, require_supported
from providers.reasons import reason_for
from providers.target import ClusterTarget

DEFAULT_INGRESS = "ingressclass.kubernetes.io/is-default-class"


async def check_version(client: KubeClient) -> Finding | None:
    """None when the credential is refused already here: the next check says so under its own label."""
    try:
        version = await read_version(client)
    except Unauthorized:
        return None
    require_supported(version)
    return Finding(code="version", label="Kubernetes version", level=Level.OK, detail=version)


async def check_credential(client: KubeClient) -> Finding:
    """Who we are there, and for how long."""
    name = await _own_name(client)
    detail = f"Accepted as {name}." if name else "Accepted."
    ends = _end_of_credential(client.target)
    if ends and is_near(ends):
        return Finding(
            code="credential",
            label="Credential",
            level=Level.WARNING,
            detail=f"{detail} It ends at {ends:%Y-%m-%d %H:%M} UTC.",
            remedy="Use a credential that lasts: the token of a Secret of type kubernetes.io/service-account-token.",
        )
    return Finding(code="credential", label="Credential", level=Level.OK, detail=detail)


async def check_namespace(client: KubeClient) -> Finding:
    """There, or may be created, or not to be seen."""
    name = client.target.namespace

    def finding(level: Level, detail: str, remedy: str = "") -> Finding:
        return Finding(code="namespace", label="Namespace", level=level, detail=detail, remedy=remedy)

    try:
        phase = await namespace_phase(client)
    except NotFound:
        if await may(client, ("", "namespaces", "create"), namespace=""):
            return finding(Level.OK, f"{name} is not there yet and will be created.")
        message = f"{name} is not there, and the credential may not create it."
        raise KubeError(Reason.NAMESPACE_MISSING, message) from None
    except Forbidden:
        remedy = "Allow the verb get on this namespace, so that its state can be watched."
        return finding(Level.WARNING, f"The credential may not look at {name} itself.", remedy)
    if phase == "Terminating":
        raise KubeError(Reason.NAMESPACE_TERMINATING, f"{name} is being deleted.")
    return finding(Level.OK, f"{name} is there.")


async def check_permissions(client: KubeClient) -> Finding:
    missing = await denied(client, INSTALL)
    if missing:
        return Finding(
            code="permissions",
            label="Permissions",
            level=Level.ERROR,
            detail=f"The credential may not: {grouped(missing)}.",
            remedy=reason_for(Reason.VERB_DENIED).remedy,
        )
    detail = f"All {sum(len(each.verbs) for each in INSTALL)} needed verbs are allowed."
    return Finding(code="permissions", label="Permissions", level=Level.OK, detail=detail)


async def check_storage(client: KubeClient) -> Finding:
    """Homes of environments need a storage class; without a default one it has to be named."""

    def finding(level: Level, detail: str, remedy: str = "") -> Finding:
        return Finding(code="storage", label="Storage class", level=level, detail=detail, remedy=remedy)

    try:
        classes = await list_storage_classes(client)
    except Forbidden:
        return finding(
            Level.WARNING, "The credential may not list storage classes.", "Make sure that there is a default one."
        )
    if not classes:
        return finding(
            Level.WARNING,
            "There is no storage class.",
            "Install a storage provisioner: environments keep their homes on volumes.",
        )
    if default := next((each.name for each in classes if each.is_default), ""):
        return finding(Level.OK, f"{default} is the default.")
    names = ", ".join(each.name for each in classes)
    remedy = f"Mark one with the annotation {DEFAULT_STORAGE[0]}=true."
    return finding(Level.WARNING, f"None of {names} is the default.", remedy)


async def check_ingress(client: KubeClient) -> Finding:
    """An ingress class, or else a class of the Gateway API."""

    def finding(level: Level, detail: str, remedy: str = "") -> Finding:
        return Finding(code="ingress", label="Ingress", level=level, detail=detail, remedy=remedy)

    try:
        classes = await _items(client, "/apis/networking.k8s.io/v1/ingressclasses")
        gateways = [] if classes else await _items(client, "/apis/gateway.networking.k8s.io/v1/gatewayclasses")
    except Forbidden:
        return finding(
            Level.WARNING, "The credential may not list ingress classes.", "Make sure that an ingress controller runs."
        )
    if default := _default_ingress(classes):
        return finding(Level.OK, f"Ingress class {default} is the default.")
    names = ", ".join(each["metadata"]["name"] for each in classes or gateways)
    if gateways:
        return finding(Level.OK, f"Gateway class {names}.")
    if len(classes) == 1:
        return finding(Level.OK, f"Ingress class {names}.")
    if classes:
        return finding(
            Level.WARNING,
            f"None of the ingress classes {names} is the default.",
            "Name one in the values of the chart.",
        )
    return finding(
        Level.WARNING,
        "There is neither an ingress class nor a gateway class.",
        "Install an ingress controller, or publish envproxy by other means.",
    )


async def _items(client: KubeClient, path: str) -> list[Json]:
    """The collection; empty when the cluster does not serve that API."""
    try:
        return (await client.get(path)).get("items") or []
    except NotFound:
        return []


def _default_ingress(classes: list[Json]) -> str:
    metadata = [each["metadata"] for each in classes]
    return next(
        (each["name"] for each in metadata if (each.get("annotations") or {}).get(DEFAULT_INGRESS) == "true"), ""
    )


async def _own_name(client: KubeClient) -> str:
    """SelfSubjectReview exists since 1.28; before that, the token's own words after a call that needs a credential."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = await client.ask("/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
    except (NotFound, Forbidden):
        await may(client, ("", "pods", "list"))
        return str(_claims(client.target.token).get("sub", ""))
    return str(answer.get("status", {}).get("userInfo", {}).get("username", ""))


def _end_of_credential(target: ClusterTarget) -> datetime | None:
    if target.token:
        expiry = _claims(target.token).get("exp")
        return datetime.fromtimestamp(expiry, tz=UTC) if isinstance(expiry, int) and 0 < expiry < 10**10 else None
    if target.client_certificate_pem:
        return load_pem_x509_certificate(target.client_certificate_pem.encode()).not_valid_after_utc
    return None


def _claims(token: str) -> Json:
    """What a JWT says about itself, unverified; nothing for an opaque token."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
