"""Environments and the work on them."""

from environments.models.environment import Environment
from environments.models.operation import EnvironmentOperation, EnvironmentOperationLine

__all__ = ["Environment", "EnvironmentOperation", "EnvironmentOperationLine"]
