"""From the text of a failure of Helm to the code that our services act on."""

import re

from providers.helm.release import HelmErrorCode

MAX_LENGTH = 600

_BY_CLASS = {
    "HelmCancelledError": HelmErrorCode.TIMED_OUT,
    "HelmValuesError": HelmErrorCode.REFUSED,
    "HelmRenderError": HelmErrorCode.REFUSED,
    "HelmChartLoadError": HelmErrorCode.REFUSED,
    "HelmChartInvalidError": HelmErrorCode.REFUSED,
    "HelmInvalidArgError": HelmErrorCode.REFUSED,
    "HelmKubeError": HelmErrorCode.CLUSTER,
    "HelmStorageError": HelmErrorCode.CLUSTER,
}

# First match wins. The library puts most failures into one class, so the text has to decide.
_BY_TEXT = (
    (r"another operation \(install/upgrade/rollback\) is in progress", HelmErrorCode.CONFLICT),
    (r"cannot re-?use a name that is still in use", HelmErrorCode.CONFLICT),
    (r"admission webhook|failed calling webhook|object has been modified", HelmErrorCode.CLUSTER),
    (r"context deadline exceeded|timed out waiting", HelmErrorCode.TIMED_OUT),
    (r"kubeVersion|schema|execution error at|invalid ownership metadata|parse error", HelmErrorCode.REFUSED),
    (
        r"forbidden|[Uu]nauthorized|must be logged in|connection refused|connection reset|no such host",
        HelmErrorCode.CLUSTER,
    ),
    (
        r"does not connect to it|x509|tls:|certificate|i/o timeout|no route to host|unreachable|EOF|INTERNAL_ERROR",
        HelmErrorCode.CLUSTER,
    ),
    (r"not found|already exists|is invalid|exceeded quota|admission|the server|unable to", HelmErrorCode.CLUSTER),
)


def code_of(error_class: str, text: str) -> HelmErrorCode:
    """The code of an error of the Helm library, given by the name of its class and its text."""
    if error_class in _BY_CLASS:
        return _BY_CLASS[error_class]
    return next((code for pattern, code in _BY_TEXT if re.search(pattern, text)), HelmErrorCode.FAILED)


# What Go and Helm put around the sentence that matters.
_WRAPPING = re.compile(
    r"(?<!\": )context deadline exceeded|execution error at \([^)]*\): "
    r"|values don't meet the specifications of the schema\(s\) in the following chart\(s\): *[\w-]+: *- "
)


def sentence(text: str) -> str:
    """The text on one line, of a sane length, with a full stop."""
    line = " ".join(_WRAPPING.sub("", " ".join(text.split())).split())
    line = line if len(line) <= MAX_LENGTH else f"{line[:MAX_LENGTH]}..."
    return line if line.endswith((".", "?", "!")) else f"{line}."
