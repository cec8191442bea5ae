"""Lists in pages with an opaque cursor: rows that come or go in between neither repeat nor hide another one."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import Combinable
from ninja import Field, Schema

Item = TypeVar("Item")
Row = TypeVar("Row", bound=Model)

LONGEST_CURSOR = 2000
SearchText = Annotated[str, Field(max_length=255, pattern=r"^[^\x00]*$")]
"""No database takes a NUL."""


class PageQuery(Schema):
    cursor: str = Field("", max_length=LONGEST_CURSOR, description="`next_cursor` of the page before.")
    limit: int = Field(50, ge=1, le=200)


class Page(Schema, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = Field(None, description="For the next page; null on the last one.")


def page_of(
    rows: QuerySet[Row], asked: PageQuery, *, by: Combinable | str = "pk", descending: bool = False
) -> tuple[list[Row], str | None]:
    """The page, in the order of `by` and then the id, and the cursor of the next one. One query.

    Raises ValidationError for a cursor that is not one of this list.
    """
    salt = f"coderadmin.page.{rows.model._meta.label_lower}.{by}"
    keyed: QuerySet[Any] = rows.annotate(page_key=F(by) if isinstance(by, str) else by)
    order = ("-page_key", "-pk") if descending else ("page_key", "pk")
    if asked.cursor:
        keyed = keyed.filter(_beyond(asked.cursor, salt, "lt" if descending else "gt"))
    found = list(keyed.order_by(*order)[: asked.limit + 1])
    page = found[: asked.limit]
    if len(found) <= asked.limit:
        return page, None
    last: Any = page[-1]
    return page, signing.dumps([_plain(last.page_key), _plain(last.pk)], salt=salt)


def answer_page(page: tuple[list[Any], str | None]) -> dict[str, Any]:
    """For a route whose response is a Page."""
    return {"items": page[0], "next_cursor": page[1]}


def _beyond(cursor: str, salt: str, comparison: str) -> Q:
    try:
        key, pk = signing.loads(cursor, salt=salt)
    except signing.BadSignature:
        raise ValidationError({"cursor": "This is no cursor of this list. Begin without one."}) from None
    not_before = Q(**{f"page_key__{comparison}e": key})  # by which an index finds the place
    return not_before & (Q(**{f"page_key__{comparison}": key}) | Q(**{f"pk__{comparison}": pk}))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int | str) else str(value)
