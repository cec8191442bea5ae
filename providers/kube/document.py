"""A document of Kubernetes."""

from typing import Any

Json = dict[str, Any]
