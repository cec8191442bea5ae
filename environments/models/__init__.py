"""Environments, their images, the work on them, and who is at them."""

from environments.models.environment import Environment
from environments.models.image import Image, ImageTag
from environments.models.operation import EnvironmentOperation, EnvironmentOperationLine
from environments.models.session import EnvironmentSession

__all__ = ["Environment", "EnvironmentOperation", "EnvironmentOperationLine", "EnvironmentSession", "Image", "ImageTag"]
