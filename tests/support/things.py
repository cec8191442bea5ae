"""The pages of /support/: whatever is registered, so that none can be forgotten."""

from django.contrib import admin
from django.db import models
from django.urls import reverse

from organizations.support.helping import address_of
from organizations.support.pages import ReadOnlyAdmin
from tests.world import World

PAGES: dict[type[models.Model], ReadOnlyAdmin] = dict(admin.site._registry)


def list_address(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def every_address(world: World) -> list[str]:
    """The first page, and of each model the list, a row, its history and what can be done with it."""
    rows, found = world.rows(), [reverse("admin:index")]
    for model, page in PAGES.items():
        names = ["change", "history", *(each.name for each in page.helps)]
        found += [list_address(model), *(address_of(rows[model], name) for name in names)]
    return found
