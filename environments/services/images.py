"""The images of an organization: brought in by hand or by an environment that has one, changed, taken over."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.services import Actor, record
from environments.errors import RefusedError
from environments.models import Environment, Image, ImageTag
from environments.policies import require_import_images, require_manage_images
from organizations.models import Organization
from organizations.services.saving import clean_and_save
from providers.services.locking import locked_organizations

CHANGEABLE = ("description", "url", "default_cpu_cores", "default_memory_gb", "default_disk_gb", "deprecated")


def import_image(
    *, actor: Actor, organization: Organization, repository: str, tag: str, fields: Mapping[str, Any]
) -> Image:
    """`tag` becomes the default; `fields`: of CHANGEABLE. Raises ValidationError, RefusedError, PermissionDenied."""
    require_import_images(actor, organization)
    with transaction.atomic():
        organization = locked_organizations([organization.pk])[organization.pk]
        image = Image(organization=organization, repository=repository, **fields)
        clean_and_save(image, lambda: image.save(force_insert=True))
        _add_tag(image, tag, is_default=True)
        record(
            actor=actor,
            action="image.import",
            target=image,
            after={"repository": repository, "tag": tag} | _described(fields),
            organization=organization.pk,
        )
    return image


def update_image(*, actor: Actor, image: Image, fields: Mapping[str, Any], default_tag: str | None = None) -> Image:
    """Change fields of CHANGEABLE and the default tag. Nothing to change writes nothing. Raises as `import_image`."""
    require_manage_images(actor, image.organization)
    with transaction.atomic():
        image = _locked(image)
        before = {name: getattr(image, name) for name, value in fields.items() if getattr(image, name) != value}
        for name in before:
            setattr(image, name, fields[name])
        if before:
            clean_and_save(image, image.save)
        after = _described({name: fields[name] for name in before})
        if default_tag is not None and _make_default(image, default_tag):
            after |= {"default_tag": default_tag}
        if after:
            record(
                actor=actor,
                action="image.update",
                target=image,
                before=_described(before),
                after=after,
                organization=image.organization_id,
            )
    return image


def add_tag(*, actor: Actor, image: Image, tag: str, is_default: bool = False) -> ImageTag:
    """Repeatable. Raises ValidationError, RefusedError when the image is gone, PermissionDenied."""
    require_import_images(actor, image.organization)
    if is_default:
        require_manage_images(actor, image.organization)
    with transaction.atomic():
        image = _locked(image)
        row = image.tags.filter(tag=tag).first()
        if row is None:
            row = _add_tag(image, tag)
            after = {"tag": tag}
            record(actor=actor, action="image.add_tag", target=image, after=after, organization=image.organization_id)
        if is_default:
            _make_default(image, tag)
            row.refresh_from_db()
    return row


def remove_tag(*, actor: Actor, image: Image, tag: str) -> None:
    """Repeatable. Raises RefusedError for the default, and for one that environments have; PermissionDenied."""
    require_manage_images(actor, image.organization)
    with transaction.atomic():
        image = _locked(image)
        row = image.tags.filter(tag=tag).first()
        if row is None:
            return
        if row.is_default:
            raise RefusedError(f"{tag} is the default tag of {image}.", remedy="Make another one the default first.")
        if users := environments_of(image, tag).count():
            raise RefusedError(f"{users} environments have {row}.", remedy="Rebuild them with another tag first.")
        row.delete()
        record(
            actor=actor,
            action="image.remove_tag",
            target=image,
            before={"tag": tag},
            organization=image.organization_id,
        )


def note_image(organization: Organization, repository: str, tag: str) -> None:
    """What an environment of the organization, which is locked, has from now on; its own audit row names both."""
    image, is_new = Image.objects.get_or_create(organization=organization, repository=repository)
    if is_new or not image.tags.filter(tag=tag).exists():
        _add_tag(image, tag, is_default=is_new)


def move_images(source: Organization, target: Organization) -> None:
    """With the environments that have them; what `target` has already keeps its own size. Both are locked."""
    for image in Image.objects.filter(organization=source).prefetch_related("tags"):
        known = Image.objects.filter(organization=target, repository=image.repository).first()
        if known is None:
            image.organization = target
            image.save(update_fields=["organization"])
        else:
            for row in image.tags.all():
                known.tags.get_or_create(tag=row.tag)


def environments_of(image: Image, tag: str) -> Any:
    """A queryset of those that have this tag of the image."""
    return Environment.objects.filter(organization=image.organization_id, image=image.repository, tag=tag)


def _locked(image: Image) -> Image:
    """With its organization locked, as by those who create environments. Raises RefusedError."""
    locked_organizations([image.organization_id])
    row = Image.objects.select_related("organization").filter(pk=image.pk).first()
    if row is None:
        raise RefusedError(f"{image} was deleted in the meantime.")
    return row


def _add_tag(image: Image, tag: str, *, is_default: bool = False) -> ImageTag:
    row = ImageTag(image=image, tag=tag, is_default=is_default)
    clean_and_save(row, lambda: row.save(force_insert=True))
    return row


def _make_default(image: Image, tag: str) -> bool:
    """Whether it was another one before. Raises ValidationError when there is no such tag."""
    row = image.tags.filter(tag=tag).first()
    if row is None:
        raise ValidationError({"default_tag": f"{image} has no tag {tag}."})
    if row.is_default:
        return False
    image.tags.filter(is_default=True).update(is_default=False)
    row.is_default = True
    row.save(update_fields=["is_default"])
    return True


def _described(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, bool) else str(value) for name, value in fields.items()}
