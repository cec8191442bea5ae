"""What envproxy is told by the chart, through its environment."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class ConfigError(Exception):
    """One sentence that names what is missing or wrong."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """`access_url` is the deployment's, which envproxy calls; its repr shows no secret."""

    access_url: str
    token: str = field(repr=False)
    cluster_address: str
    namespace: str
    chart_version: str
    port: int
    extra_ca_file: Path | None
    service_account: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Config":
        """Raises ConfigError that names every missing variable."""
        needed = ("CEMANAGER_ACCESS_URL", "CEMANAGER_TOKEN", "CLUSTER_ADDRESS", "NAMESPACE")
        if missing := [name for name in needed if not environment.get(name)]:
            raise ConfigError(f"envproxy can't start: {', '.join(missing)} not set. The chart sets them.")
        port, extra = environment.get("ENVPROXY_PORT", "8080"), environment.get("EXTRA_CA_FILE", "")
        if not port.isdecimal():
            raise ConfigError(f"ENVPROXY_PORT is not a port: {port!r}.")
        return cls(
            access_url=environment["CEMANAGER_ACCESS_URL"].rstrip("/"),
            token=environment["CEMANAGER_TOKEN"].strip(),
            cluster_address=environment["CLUSTER_ADDRESS"],
            namespace=environment["NAMESPACE"],
            chart_version=environment.get("CHART_VERSION", ""),
            port=int(port),
            extra_ca_file=Path(extra) if extra else None,
            service_account=Path(environment.get("SERVICE_ACCOUNT_DIR", str(SERVICE_ACCOUNT))),
        )

    def tls(self) -> ssl.SSLContext:
        """Trusts the system's store and, beside it, the extra CA. Raises ConfigError for an unreadable one."""
        context = ssl.create_default_context()
        if self.extra_ca_file:
            try:
                context.load_verify_locations(cafile=self.extra_ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ConfigError(f"EXTRA_CA_FILE can't be used: {error}.") from error
        return context

    def beat(self) -> dict[str, str]:
        """What a beat says. The token is read anew each time, since the kubelet renews it every hour or so."""
        return {
            "access_url": self.access_url,
            "cluster_address": self.cluster_address,
            "namespace": self.namespace,
            "chart_version": self.chart_version,
            "service_account_token": self._read("token"),
            "ca_pem": self._read("ca.crt"),
        }

    def _read(self, name: str) -> str:
        try:
            return (self.service_account / name).read_text().strip()
        except FileNotFoundError:
            return ""
