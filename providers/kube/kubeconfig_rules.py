"""What a pasted kubeconfig must not hold, each with the reason and the way out."""

from typing import Any

from providers.kube.errors import shorten

FLATTEN = "Inline it with: kubectl config view --raw --flatten --minify"
SERVICE_ACCOUNT = "Use the token of a service account instead"

REFUSED_IN_CLUSTER = {
    "certificate-authority": f"it names a file, which would be read on our server. {FLATTEN}",
    "proxy-url": "a proxy would see and steer our traffic. Give an address that we reach directly",
    "insecure-skip-tls-verify": "without the check anybody could take the credential. Give certificate-authority-data",
    "tls-server-name": "the certificate must be made for the host of the address. Use an address that it names",
}
REFUSED_IN_USER = {
    "exec": f"it would run a program on our server. {SERVICE_ACCOUNT}",
    "auth-provider": f"it would run a plugin on our server. {SERVICE_ACCOUNT}",
    "client-certificate": f"it names a file, which would be read on our server. {FLATTEN}",
    "client-key": f"it names a file, which would be read on our server. {FLATTEN}",
    "tokenFile": "it names a file, which would be read on our server. Put the token itself into the field token",
    "username": f"Kubernetes dropped passwords in 1.19. {SERVICE_ACCOUNT}",
    "password": f"Kubernetes dropped passwords in 1.19. {SERVICE_ACCOUNT}",
    "as": f"it acts in somebody else's name. {SERVICE_ACCOUNT}",
    "as-uid": f"it acts in somebody else's name. {SERVICE_ACCOUNT}",
    "as-groups": f"it acts in somebody else's name. {SERVICE_ACCOUNT}",
    "as-user-extra": f"it acts in somebody else's name. {SERVICE_ACCOUNT}",
}
ALLOWED_IN_CLUSTER = {"server", "certificate-authority-data", "disable-compression", "extensions"}
ALLOWED_IN_USER = {"token", "client-certificate-data", "client-key-data", "extensions"}
OFF = ("", "null", "~", "false", "False", "FALSE")


class KubeconfigError(ValueError):
    """The kubeconfig is refused. The text says what, where and what to do, and repeats no value of it but names."""

    def __init__(self, text: str) -> None:
        super().__init__(shorten(text))


def check_cluster(entry: dict[str, Any], where: str) -> None:
    """Raises `KubeconfigError` for the first thing in a `cluster` entry that is not wanted."""
    _check(entry, where, REFUSED_IN_CLUSTER, ALLOWED_IN_CLUSTER)


def check_user(entry: dict[str, Any], where: str) -> None:
    """Raises `KubeconfigError` for the first thing in a `user` entry that is not wanted."""
    _check(entry, where, REFUSED_IN_USER, ALLOWED_IN_USER)


def _check(entry: dict[str, Any], where: str, refused: dict[str, str], allowed: set[str]) -> None:
    for key, value in entry.items():
        if key in allowed or (isinstance(value, str) and value in OFF) or value in ([], {}):
            continue
        if key in refused:
            raise KubeconfigError(f"“{key}” of {where} is refused: {refused[key]}.")
        raise KubeconfigError(f"“{key}” of {where} is not known here. Remove it.")
