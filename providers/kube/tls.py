"""How a cluster is trusted, and what we show it."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from providers.kube.errors import Reason, Unauthorized, UntrustedTLS
from providers.target import ClusterTarget


@cache
def system_trust() -> ssl.SSLContext:
    """One for the whole process: to load the system's store takes more time than a check."""
    return _trusting("")


def tls_context(target: ClusterTarget) -> ssl.SSLContext:
    """Trusts the target's CA, or the system's; shows the client certificate if there is one."""
    if not target.client_certificate_pem:
        return _trusting(target.ca_pem) if target.ca_pem else system_trust()
    context = _trusting(target.ca_pem)
    try:
        with _memory_file(target.client_certificate_pem + "\n" + target.client_key_pem) as path:
            context.load_cert_chain(path, password="")
    except (ssl.SSLError, ValueError) as error:
        message = "The stored client certificate and key do not fit together."
        raise Unauthorized(Reason.CREDENTIAL_REFUSED, message) from error
    return context


def _trusting(ca_pem: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=ca_pem or None)
    except (ssl.SSLError, ValueError) as error:
        raise UntrustedTLS(Reason.TLS_UNTRUSTED, "The stored CA certificate is not readable.") from error
    # Cluster CAs made by older tools lack the key identifiers that Python 3.13 began to demand.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


@contextmanager
def _memory_file(text: str) -> Iterator[str]:
    """A path to `text` in anonymous memory: OpenSSL takes client certificates from a path only."""
    descriptor = os.memfd_create("client-certificate")
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
