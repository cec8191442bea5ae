"""Storing a row so that whatever is wrong with it is an error at its field."""

from collections.abc import Callable, Iterable

from django.db import IntegrityError, models, transaction


def clean_and_save(row: models.Model, save: Callable[[], object], *, exclude: Iterable[str] = ()) -> None:
    """Raises ValidationError also when somebody else took a unique value since `full_clean`."""
    row.full_clean(exclude=set(exclude))
    try:
        with transaction.atomic():
            save()
    except IntegrityError:
        row.full_clean(exclude=set(exclude))
        raise
