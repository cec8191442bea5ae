"""From what the libraries raise and the API answers to our own errors."""

import json
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from coderadmin.destinations import AddressRefusedError
from providers.kube.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    KubeError,
    NamespaceMissing,
    NamespaceTerminating,
    NotFound,
    NotKubernetes,
    NotReady,
    Reason,
    Unauthorized,
    Unreachable,
    UntrustedTLS,
)
from providers.target import ClusterTarget

# X509_V_ERR_* of OpenSSL's x509_vfy.h, as given by SSLCertVerificationError.verify_code
NOT_YET_VALID, HAS_EXPIRED = 9, 10
WRONG_NAMES = {62, 64}  # HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH
PLAIN_TEXT_SIGNS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
UNKNOWN_API_BODY = (
    b"404 page not found"  # what the API server writes, as plain text, for a group that it does not serve
)


def translate(error: BaseException, target: ClusterTarget) -> KubeError:
    """Our error for whatever a call to `target` raised."""
    if isinstance(error, KubeError):
        return error
    host = urlsplit(target.address).netloc
    chain = _chain(error)
    for cause in chain:
        if isinstance(cause, ssl.SSLError) and not isinstance(
            cause, aiohttp.ClientError
        ):  # the real one, not its wrapper
            return _from_tls(cause, host)
    for cause in chain:
        if (found := _from_network(cause, host)) is not None:
            return found
    return KubeError(Reason.UNEXPECTED, f"Unexpected trouble with {host}: {type(error).__name__}.")


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what it stands for, innermost last; aiohttp keeps the cause in attributes of its own."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        inner = getattr(current, "certificate_error", None) or getattr(current, "os_error", None)
        current = inner or current.__cause__ or current.__context__
    return chain


def _from_tls(error: ssl.SSLError, host: str) -> KubeError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _from_certificate(error, host)
    text = error.reason or ""
    if any(sign in text for sign in PLAIN_TEXT_SIGNS):
        return NotKubernetes(Reason.NOT_KUBERNETES, f"{host} answers, but not in TLS: it is no Kubernetes API.")
    if "ALERT" in text and ("CERTIFICATE" in text or "UNKNOWN_CA" in text):
        return Unauthorized(Reason.CREDENTIAL_REFUSED, f"{host} refuses our client certificate.")
    if isinstance(error, ssl.SSLEOFError) or "EOF" in text:
        return Unreachable(Reason.UNREACHABLE, f"{host} closed the connection during the TLS handshake.")
    return UntrustedTLS(Reason.TLS_UNTRUSTED, f"No TLS connection with {host}: {text or 'handshake failed'}.")


def _from_certificate(error: ssl.SSLCertVerificationError, host: str) -> KubeError:
    if error.verify_code == HAS_EXPIRED:
        return UntrustedTLS(Reason.TLS_EXPIRED, f"The certificate of {host}, or of its CA, has expired.")
    if error.verify_code == NOT_YET_VALID:
        return UntrustedTLS(Reason.TLS_EXPIRED, f"The certificate of {host} is not valid yet: check both clocks.")
    if error.verify_code in WRONG_NAMES:
        return UntrustedTLS(Reason.TLS_WRONG_NAME, f"The certificate is not made for the name in {host}.")
    message = f"The certificate of {host} is not signed by a CA that we trust for it: {error.verify_message}."
    return UntrustedTLS(Reason.TLS_UNTRUSTED, message)


def _from_network(error: BaseException, host: str) -> KubeError | None:
    match error:
        case AddressRefusedError():
            message = f"{error.address}, where {host} leads, is {error.why}. We do not connect to it."
            return Unreachable(Reason.ADDRESS_REFUSED, message)
        case aiohttp.ConnectionTimeoutError():
            return Unreachable(Reason.CONNECT_TIMEOUT, f"{host} did not answer in time: no connection.")
        case aiohttp.ClientConnectorDNSError() | socket.gaierror():
            return Unreachable(Reason.DNS_FAILED, f"The name in {host} does not resolve.")
        case ConnectionRefusedError():
            return Unreachable(Reason.CONNECTION_REFUSED, f"{host} refuses the connection.")
        case OSError(errno=int()) if isinstance(error, TimeoutError):  # ETIMEDOUT of the kernel
            return Unreachable(Reason.CONNECT_TIMEOUT, f"{host} did not answer in time: no connection.")
        case TimeoutError():
            return Unreachable(Reason.READ_TIMEOUT, f"{host} took the connection, but did not answer in time.")
        case aiohttp.ClientConnectorError():
            return None  # says less than the OSError in it
        case aiohttp.ClientResponseError():
            return NotKubernetes(Reason.NOT_KUBERNETES, f"{host} answers, but not in valid HTTP.")
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            return Unreachable(Reason.UNREACHABLE, f"{host} closed the connection before its answer was complete.")
        case OSError():
            return Unreachable(Reason.UNREACHABLE, f"{host} cannot be reached: {error.strerror or 'network trouble'}.")
    return None


def from_response(status: int, body: bytes, target: ClusterTarget) -> KubeError:
    """Our error for an HTTP answer that is no success. Only the text of a Kubernetes `Status` is repeated."""
    host = urlsplit(target.address).netloc
    answer = _status_object(body)
    if status == 401:
        return Unauthorized(Reason.CREDENTIAL_REFUSED, f"{host} refuses the credential.", status=status)
    if status == 429 or status >= 500:
        text = _text(answer, target) or f"HTTP {status}"
        return NotReady(Reason.API_NOT_READY, f"The API of {host} is not ready: {text}", status=status)
    if answer is None and not (status == 404 and body.strip() == UNKNOWN_API_BODY):
        message = f"{host} answers with HTTP {status}, but not as a Kubernetes API."
        return NotKubernetes(Reason.NOT_KUBERNETES, message, status=status)
    return _from_status_object(status, answer or {}, target)


def _from_status_object(status: int, answer: dict[str, Any], target: ClusterTarget) -> KubeError:
    text = _text(answer, target) or f"HTTP {status}"
    details = answer.get("details") or {}
    match status, answer.get("reason"):
        case 403, _ if '"system:anonymous"' in text:
            message = "The cluster takes us for an anonymous caller: the credential is missing or not recognised."
            return Unauthorized(Reason.CREDENTIAL_REFUSED, message, status=status)
        case ((403 | 409), _) if _has_cause(details, "NamespaceTerminating"):
            return NamespaceTerminating(Reason.NAMESPACE_TERMINATING, text, status=status)
        case 403, _:
            return Forbidden(Reason.VERB_DENIED, text, status=status)
        case 404, _ if details.get("kind") in ("namespaces", "Namespace"):
            return NamespaceMissing(Reason.NAMESPACE_MISSING, text, status=status)
        case 404, _:
            return NotFound(Reason.UNEXPECTED, text, status=status)
        case 409, "AlreadyExists":
            return AlreadyExists(Reason.UNEXPECTED, text, status=status)
        case 409, _:
            return Conflict(Reason.UNEXPECTED, text, status=status)
        case 410, _:
            return Gone(Reason.UNEXPECTED, text, status=status)
        case 422, _:
            return Invalid(Reason.UNEXPECTED, text, status=status)
    return KubeError(Reason.UNEXPECTED, f"The cluster answers with HTTP {status}: {text}", status=status)


def _status_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and answer.get("kind") == "Status" else None


def _text(answer: dict[str, Any] | None, target: ClusterTarget) -> str:
    text = str((answer or {}).get("message") or "")
    return text.replace(target.token, "…") if target.token else text


def _has_cause(details: dict[str, Any], reason: str) -> bool:
    causes = details.get("causes") or []
    return any(isinstance(cause, dict) and cause.get("reason") == reason for cause in causes)
