"""The chart's manifests as documents, rendered by real Helm."""

from typing import Any

import yaml

from providers.helm import gateway
from providers.helm.values import Values, make_values

TOKEN = "a-token-of-a-provider"
OLDEST, NEWEST = "v1.20.0", "v1.36.0"

Documents = dict[tuple[str, str], dict[str, Any]]


def values(**changes: Any) -> Values:
    """Good values of a provider, with changes in the words of `make_values`."""
    arguments = {
        "access_url": "https://coder.example.com",
        "envproxy_access_url": "https://sydney.coder.example.com:8443/proxy",
        "hostname": "https://sydney.coder.example.com:8443",
        "cluster_address": "https://10.0.0.1:6443",
        "token": TOKEN,
        "devurl_host": "*.sydney.coder.example.com",
    }
    return make_values(**(arguments | changes))


def merged(base: Values, changes: Values) -> Values:
    """The base with the changes laid over it, as Helm lays one values file over another."""
    both = base | changes
    nested = {key for key in base.keys() & changes.keys() if isinstance(base[key], dict)}
    return both | {key: merged(base[key], changes[key]) for key in nested}


def documents(given: Values, *, kube_version: str = OLDEST) -> Documents:
    """Every object of the chart by kind and name."""
    rendered = gateway.render(given, namespace="dev", kube_version=kube_version)
    texts = [text for path, text in rendered.items() if not path.endswith(".txt")]
    found = [document for text in texts for document in yaml.safe_load_all(text) if document]
    return {(document["kind"], document["metadata"]["name"]): document for document in found}
