"""The values of our chart for one provider."""

from typing import Any
from urllib.parse import urlsplit

Values = dict[str, Any]


def make_values(
    *,
    access_url: str,
    envproxy_access_url: str,
    hostname: str,
    cluster_address: str,
    token: str = "",
    existing_secret: str = "",
    devurl_host: str = "",
    ssh_enabled: bool = True,
    image: str = "",
    replicas: int = 1,
    ingress_class: str = "",
    storage_class: str = "",
) -> Values:
    """Values as the chart takes them; what is empty is left to the chart.

    `hostname` is a host or a URL, its port is kept. Neither `token` nor `existing_secret`: the cluster's token stays.
    """
    values: Values = {
        "cemanager": {"accessURL": access_url},
        "envproxy": {
            "accessURL": envproxy_access_url,
            "clusterAddress": cluster_address,
            "token": token,
            "existingSecret": existing_secret,
            "image": image,
            "replicas": replicas,
        },
        "ingress": {
            "host": _host(hostname),
            "className": ingress_class,
            "tls": {"enable": urlsplit(envproxy_access_url).scheme == "https"},
        },
        "devurls": {"host": devurl_host},
        "ssh": {"enable": ssh_enabled},
        "storageClassName": storage_class,
    }
    return _without_empty(values)


def _host(hostname: str) -> str:
    return urlsplit(hostname).netloc if "://" in hostname else hostname.split("/")[0]


def _without_empty(values: Values) -> Values:
    kept: Values = {}
    for key, value in values.items():
        kept_value = _without_empty(value) if isinstance(value, dict) else value
        if kept_value not in ("", {}):
            kept[key] = kept_value
    return kept
