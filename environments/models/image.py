"""The images that an organization's environments have."""

import uuid

from django.core.validators import URLValidator
from django.db import models

from environments.models.environment import Environment
from environments.names import validate_image, validate_tag
from environments.querysets import ImageQuerySet
from organizations.models import Organization
from organizations.text import validate_line

LONGEST_URL = 500


def _size_of_environment(name: str) -> models.Field:
    """With the limits of the environment's own field."""
    return Environment._meta.get_field(name).clone()  # type: ignore[union-attr]


class Image(models.Model):
    """A repository that an organization uses, and the size of environments that ask for no other.

    Whatever an environment of the organization has is here, with its tag: the services see to that.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="images")
    repository = models.CharField(max_length=255, validators=[validate_image])
    description = models.CharField(max_length=255, blank=True, validators=[validate_line])
    url = models.CharField(max_length=LONGEST_URL, blank=True, validators=[URLValidator(["http", "https"])])
    default_cpu_cores = _size_of_environment("cpu_cores")
    default_memory_gb = _size_of_environment("memory_gb")
    default_disk_gb = _size_of_environment("disk_gb")
    deprecated = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["repository"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "repository"],
                name="image_repository_unique",
                violation_error_code="repository_taken",
                violation_error_message="The organization has this image already.",
            )
        ]

    def __str__(self) -> str:
        return self.repository


class ImageTag(models.Model):
    """One of each image is what environments get that name none."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="tags")
    tag = models.CharField(max_length=128, validators=[validate_tag])
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["tag"]
        constraints = [
            models.UniqueConstraint(fields=["image", "tag"], name="image_tag_unique"),
            models.UniqueConstraint(
                fields=["image"], condition=models.Q(is_default=True), name="image_one_default_tag"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.image}:{self.tag}"
