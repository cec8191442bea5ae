"""How one cluster is reached. Knows no third-party package, so that every layer can hold one."""

import base64
import json
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ClusterTarget:
    """One cluster address and one namespace, with the credential for them. Its repr shows no secret.

    `address` is https://host[:port][/path] without a trailing slash; an empty `ca_pem` means the system's trust store.
    """

    address: str
    namespace: str
    ca_pem: str = ""
    token: str = field(default="", repr=False)
    client_certificate_pem: str = field(default="", repr=False)
    client_key_pem: str = field(default="", repr=False)

    def kubeconfig(self) -> str:
        """A kubeconfig with inline data only, as JSON, which is YAML. Secret: for a private file or a pipe."""
        cluster = {"server": self.address} | _inline("certificate-authority-data", self.ca_pem)
        user = (
            ({"token": self.token} if self.token else {})
            | _inline("client-certificate-data", self.client_certificate_pem)
            | _inline("client-key-data", self.client_key_pem)
        )
        context = {"cluster": "cluster", "user": "user", "namespace": self.namespace}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "cluster", "cluster": cluster}],
            "users": [{"name": "user", "user": user}],
            "contexts": [{"name": "context", "context": context}],
            "current-context": "context",
        }
        return json.dumps(document, indent=2) + "\n"


def _inline(key: str, pem: str) -> dict[str, str]:
    return {key: base64.b64encode(pem.encode()).decode()} if pem else {}
