"""Kubeconfigs that people paste. They are hostile until proven otherwise: only inline data leaves this module."""

from dataclasses import dataclass, replace
from typing import Any

import yaml

from providers.kube.address import AddressError, is_namespace, normalise_address
from providers.kube.kubeconfig_rules import KubeconfigError, check_cluster, check_user
from providers.kube.pem import PemError, decode_base64, normalise_certificates, normalise_pair
from providers.target import ClusterTarget

SIZE_LIMIT = 256 * 1024  # bytes; a kubeconfig with twenty clusters has about 100 KiB
DEPTH_LIMIT = 20
ABSENT = ("", "null", "~", "Null", "NULL")

Entry = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Context:
    """One choice in a kubeconfig. A `refusal` says why it cannot be chosen; its `cluster_address` is then empty."""

    name: str
    cluster_address: str
    namespace: str
    user: str
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class Kubeconfig:
    """The contexts of a pasted kubeconfig, of which at least one can be used."""

    contexts: tuple[Context, ...]
    current_context: str
    _targets: dict[str, ClusterTarget]

    def target(self, context: str, namespace: str | None = None) -> ClusterTarget:
        """The target of one context. Raises `KubeconfigError`: unknown, refused, or not a namespace."""
        chosen = next((one for one in self.contexts if one.name == context), None)
        if chosen is None:
            raise KubeconfigError(f"The kubeconfig has no context “{context}”.")
        if chosen.refusal:
            raise KubeconfigError(chosen.refusal)
        namespace = namespace or chosen.namespace or "default"
        if not is_namespace(namespace):
            raise KubeconfigError(f"“{namespace}” is not a valid name for a namespace.")
        return replace(self._targets[context], namespace=namespace)


def parse_kubeconfig(text: str) -> Kubeconfig:
    """Raises `KubeconfigError` when no context can be used, with the refusal of the current or else the first one."""
    document = _load(text)
    clusters = _named(document, "clusters", "cluster")
    users = _named(document, "users", "user")
    contexts, targets = [], {}
    for name, entry in _named(document, "contexts", "context").items():
        try:
            target = _target(name, entry, clusters, users)
        except KubeconfigError as error:
            contexts.append(_context(name, entry, refusal=str(error)))
        else:
            targets[name] = target
            contexts.append(_context(name, entry, address=target.address))
    if not contexts:
        raise KubeconfigError("The kubeconfig has no contexts. Make one with: kubectl config view --raw --flatten")
    current = _text(document, "current-context", "the kubeconfig")
    if not targets:
        raise KubeconfigError(next((one.refusal for one in contexts if one.name == current), contexts[0].refusal))
    return Kubeconfig(contexts=tuple(contexts), current_context=current, _targets=targets)


def _load(text: str) -> Entry:
    if len(text.encode(errors="replace")) > SIZE_LIMIT:
        raise KubeconfigError(f"The kubeconfig is larger than {SIZE_LIMIT // 1024} KiB.")
    try:
        _refuse_tricks(text)
        document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes text, lists and maps only
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, KubeconfigError):
            raise
        raise KubeconfigError("This is not a kubeconfig: it cannot be read as one YAML document.") from error
    if not isinstance(document, dict):
        raise KubeconfigError("This is not a kubeconfig: it has no clusters, users and contexts.")
    return document


def _refuse_tricks(text: str) -> None:
    """Aliases grow a small text without end, deep nesting breaks the reader: no real kubeconfig has either."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        if isinstance(event, yaml.AliasEvent):
            raise KubeconfigError("The kubeconfig uses YAML aliases (*name). Write the values out.")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_LIMIT:
            raise KubeconfigError("The kubeconfig is nested too deeply.")


def _named(document: Entry, plural: str, singular: str) -> dict[str, Entry]:
    """The entries of `clusters`, `users` or `contexts` by name; the first of a name counts, as for kubectl."""
    items = document.get(plural, [])
    if isinstance(items, str) and items in ABSENT:
        return {}
    if not isinstance(items, list):
        raise KubeconfigError(f"“{plural}” of the kubeconfig is not a list.")
    found: dict[str, Entry] = {}
    for item in items:
        name = item.get("name") if isinstance(item, dict) else None
        entry = item.get(singular) if isinstance(item, dict) else None
        if not isinstance(name, str) or not isinstance(entry, dict):
            raise KubeconfigError(f"An entry of “{plural}” has no name or no “{singular}”.")
        found.setdefault(name, entry)
    return found


def _context(name: str, entry: Entry, *, address: str = "", refusal: str = "") -> Context:
    namespace, user = (str(entry.get(key, "")) for key in ("namespace", "user"))
    return Context(name=name, cluster_address=address, namespace=namespace, user=user, refusal=refusal)


def _target(context: str, entry: Entry, clusters: dict[str, Entry], users: dict[str, Entry]) -> ClusterTarget:
    where = f"context “{context}”"
    cluster_name, user_name = _text(entry, "cluster", where), _text(entry, "user", where)
    if cluster_name not in clusters or user_name not in users:
        raise KubeconfigError(f"The {where} names a cluster or user that the kubeconfig does not hold.")
    cluster, user = clusters[cluster_name], users[user_name]
    where_cluster, where_user = f"cluster “{cluster_name}”", f"user “{user_name}”"
    check_cluster(cluster, where_cluster)
    check_user(user, where_user)
    certificate, key = _client_pair(user, where_user)
    token = _text(user, "token", where_user).strip()
    if not token and not certificate:
        raise KubeconfigError(f"The {where_user} has no token and no client certificate.")
    if any(ord(character) < 33 or ord(character) > 126 for character in token):
        raise KubeconfigError(f"The token of {where_user} has characters that no token has.")
    return ClusterTarget(
        address=_address(cluster, where_cluster),
        namespace=_text(entry, "namespace", where) or "default",
        ca_pem=_certificate_authority(cluster, where_cluster),
        token=token,
        client_certificate_pem=certificate,
        client_key_pem=key,
    )


def _address(cluster: Entry, where: str) -> str:
    try:
        return normalise_address(_text(cluster, "server", where))
    except AddressError as error:
        raise KubeconfigError(f"The server of {where} is refused. {error}") from error


def _certificate_authority(cluster: Entry, where: str) -> str:
    text = _text(cluster, "certificate-authority-data", where)
    try:
        return normalise_certificates(decode_base64(text)) if text else ""
    except PemError as error:
        raise KubeconfigError(f"The certificate-authority-data of {where} cannot be used: {error}.") from error


def _client_pair(user: Entry, where: str) -> tuple[str, str]:
    certificate = _text(user, "client-certificate-data", where)
    key = _text(user, "client-key-data", where)
    if not certificate and not key:
        return "", ""
    if not (certificate and key):
        raise KubeconfigError(f"The {where} has only one of client-certificate-data and client-key-data: give both.")
    try:
        return normalise_pair(decode_base64(certificate), decode_base64(key))
    except PemError as error:
        raise KubeconfigError(f"The client certificate or key of {where} cannot be used: {error}.") from error


def _text(entry: Entry, key: str, where: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise KubeconfigError(f"“{key}” of {where} is not a text.")
    return "" if value in ABSENT else value
