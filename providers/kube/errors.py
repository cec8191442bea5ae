"""What can go wrong with a cluster, in our own names. Each error has a reason code and a sentence for a person."""

from enum import StrEnum

MESSAGE_LIMIT = 400  # characters: enough for the longest RBAC refusal, too short for a dumped object
NOT_UNDERSTOOD = "The cluster answers in a form that we do not understand."


class Reason(StrEnum):
    """Why a provider is not well. The values are stored, shown and documented: never rename one."""

    DNS_FAILED = "dns_failed"
    ADDRESS_REFUSED = "address_refused"
    CONNECTION_REFUSED = "connection_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    READ_TIMEOUT = "read_timeout"
    UNREACHABLE = "unreachable"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_WRONG_NAME = "tls_wrong_name"
    TLS_EXPIRED = "tls_expired"
    CREDENTIAL_REFUSED = "credential_refused"
    VERB_DENIED = "verb_denied"
    NAMESPACE_MISSING = "namespace_missing"
    NAMESPACE_TERMINATING = "namespace_terminating"
    API_NOT_READY = "api_not_ready"
    VERSION_TOO_OLD = "version_too_old"
    RELEASE_MISSING = "release_missing"
    RELEASE_FAILED = "release_failed"
    ENVPROXY_UNAVAILABLE = "envproxy_unavailable"
    NOT_KUBERNETES = "not_kubernetes"
    UNEXPECTED = "unexpected"


class KubeError(Exception):
    """A call to a cluster failed. `reason` is a plain string of `Reason`; `message` is short and holds no secret."""

    def __init__(self, reason: Reason, message: str, *, status: int | None = None) -> None:
        self.reason = reason.value
        self.message = shorten(message)
        self.status = status
        super().__init__(self.message)


class Unreachable(KubeError):
    """No answer came: DNS, connection, time-out."""


class UntrustedTLS(KubeError):
    """Someone answered, but not with a certificate that we may trust."""


class NotKubernetes(KubeError):
    """Someone answered, but it is not a Kubernetes API."""


class NotReady(KubeError):
    """The API answers 5xx or 429."""


class Unauthorized(KubeError):
    """401: the credential is not accepted."""


class Forbidden(KubeError):
    """403: the credential is accepted, but may not do this."""


class NotFound(KubeError):
    """404. On a delete this is success."""


class NamespaceMissing(NotFound):
    """The namespace itself is not there."""


class NamespaceTerminating(Forbidden):
    """The namespace is being deleted and takes nothing new."""


class Conflict(KubeError):
    """409: someone else changed or owns it. On a create that meets its own object this is success."""


class AlreadyExists(Conflict):
    """409 with reason AlreadyExists."""


class Gone(KubeError):
    """410: the resourceVersion or continue token is too old; list again."""


class Invalid(KubeError):
    """422: the API refuses the object."""


def shorten(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """One line of at most `limit` characters, all of them printable: no NUL, no half pairs, no change of direction."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() else " " for each in text)
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
