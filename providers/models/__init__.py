"""Workspace providers and everything that is recorded about them."""

from providers.models.access_url import AccessURL
from providers.models.credential import ClusterCredential, EnvproxyToken
from providers.models.history import ProviderDay, StatusChange
from providers.models.operation import AbstractOperation, AbstractOperationLine, Operation, OperationLine
from providers.models.provider import AllowlistEntry, WorkspaceProvider

__all__ = [
    "AbstractOperation",
    "AbstractOperationLine",
    "AccessURL",
    "AllowlistEntry",
    "ClusterCredential",
    "EnvproxyToken",
    "Operation",
    "OperationLine",
    "ProviderDay",
    "StatusChange",
    "WorkspaceProvider",
]
