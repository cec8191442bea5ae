"""What envproxy is told by the chart, through its environment."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "/proxy"  # the path of every access URL of an envproxy
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
NEEDED = ("CEMANAGER_ACCESS_URL", "CEMANAGER_TOKEN", "ENVPROXY_ACCESS_URL", "CLUSTER_ADDRESS", "NAMESPACE")


class ConfigError(Exception):
    """One sentence that names what is missing or wrong."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """`access_url` is the deployment's, which envproxy calls; its repr shows no secret. Durations are seconds.

    `service_gateway`: host and port by which all Services are reached; empty: each by its own name.
    """

    access_url: str
    token: str = field(repr=False)
    envproxy_access_url: str
    cluster_address: str
    namespace: str
    chart_version: str
    host: str
    port: int
    domain_suffix: str
    service_gateway: str
    grace: int
    response_timeout: int
    max_connections: int
    extra_ca_file: Path | None
    service_account: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Config":
        """Raises ConfigError that names every missing variable, or the first that is wrong."""
        if missing := [name for name in NEEDED if not environment.get(name)]:
            raise ConfigError(f"envproxy can't start: {', '.join(missing)} not set. The chart sets them.")
        extra = environment.get("EXTRA_CA_FILE", "")
        return cls(
            access_url=environment["CEMANAGER_ACCESS_URL"].rstrip("/"),
            token=environment["CEMANAGER_TOKEN"].strip(),
            envproxy_access_url=_own_access_url(environment["ENVPROXY_ACCESS_URL"]),
            cluster_address=environment["CLUSTER_ADDRESS"],
            namespace=environment["NAMESPACE"],
            chart_version=environment.get("CHART_VERSION", ""),
            host=environment.get("ENVPROXY_HOST", "0.0.0.0"),  # noqa: S104 - a pod has one address, for this
            port=_number(environment, "ENVPROXY_PORT", 8080),
            domain_suffix=environment.get("CLUSTER_DOMAIN_SUFFIX", ".svc.cluster.local"),
            service_gateway=environment.get("SERVICE_GATEWAY", ""),
            grace=_number(environment, "TERMINATION_GRACE_SECONDS", 14400),
            response_timeout=_number(environment, "ENVPROXY_RESPONSE_TIMEOUT_SECONDS", 300),
            max_connections=_number(environment, "ENVPROXY_MAX_CONNECTIONS", 5000),
            extra_ca_file=Path(extra) if extra else None,
            service_account=Path(environment.get("SERVICE_ACCOUNT_DIR", str(SERVICE_ACCOUNT))),
        )

    @property
    def public_host(self) -> str:
        """Host, and port if it has one, by which browsers reach this program."""
        return urlsplit(self.envproxy_access_url).netloc.lower()

    @property
    def public_scheme(self) -> str:
        return urlsplit(self.envproxy_access_url).scheme

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
            "envproxy_access_url": self.envproxy_access_url,
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


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name) or str(default)
    if not (value.isascii() and value.isdecimal()):
        raise ConfigError(f"{name} is not a whole number: {value!r}.")
    return int(value)


def _own_access_url(value: str) -> str:
    url = value.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path != PREFIX:
        raise ConfigError(f"ENVPROXY_ACCESS_URL is not like https://sydney.coder.example.com{PREFIX}: {value!r}.")
    return url
