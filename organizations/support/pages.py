"""The read-only base of every page at /support/, and what such pages show of other rows."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from organizations.history import KINDS, history_of
from organizations.policies import can_look_at
from organizations.support.helping import Help, address_of, addresses
from organizations.support.paging import BoundedPaginator

DATE_PARTS = ("year", "month", "day")


class ReadOnlyAdmin(admin.ModelAdmin):
    """Support staff look at everything that is not a secret and change nothing but by `helps`.

    Name what is shown in `fields`; what is named nowhere can't be found, filtered or sorted by either.
    """

    actions = None
    helps: tuple[Help, ...] = ()
    list_per_page = 50
    paginator = BoundedPaginator
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    view_on_site = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return can_look_at(request.user, self.model)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return can_look_at(request.user, self.model)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        return [*addresses(self), *super().get_urls()]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The filters that the page offers. Django would take every column: one finds out a digest letter by letter."""
        offered = [self.date_hierarchy, *(_parameter(each) for each in self.list_filter)]
        return any(lookup == name or lookup.startswith(f"{name}__") for name in offered if name)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id finds its row; other words are for `find`."""
        text = search_term.strip()
        if not text or not self.search_fields:
            return queryset, False
        with suppress(ValueError):
            return queryset.filter(pk=UUID(text)), False
        return self.find(queryset, text), False

    def find(self, rows: Any, text: str) -> QuerySet[Any]:
        """Every word must occur. Most models know best where, and have an index for it."""
        return rows.search(text)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Raises SuspiciousOperation for a filter that no database or calendar takes; Django would fail on it."""
        if any("\0" in text for _, texts in request.GET.lists() for text in texts):
            raise SuspiciousOperation("A filter holds a NUL character.")
        given = [request.GET.get(f"{self.date_hierarchy}__{part}") or "1" for part in DATE_PARTS]
        try:
            date(*map(int, given))
        except (ValueError, OverflowError):
            raise SuspiciousOperation("There is no such day.") from None
        return super().changelist_view(request, extra_context)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Called by what it lists; “Show all” stands beside a search only."""
        found = super().get_changelist_instance(request)
        found.title = str(self.opts.verbose_name_plural).capitalize()
        if not found.query:
            found.full_result_count = found.result_count
        return found

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        helps = [{"label": each.label, "url": address_of(obj, each.name)} for each in self.helps_for(obj)]
        context |= {"helps": helps, "product_url": product_url(request, obj), "title": str(obj), "subtitle": None}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def helps_for(self, thing: Any) -> Iterable[Help]:
        """Those that make sense now; the others say why they don't."""
        return self.helps

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the audit log tells of it: nobody changes anything through the Django admin."""
        thing = self.get_object(request, unquote(object_id))
        if thing is None:
            return self.is_gone(request, object_id)
        if not self.has_view_permission(request, thing):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {thing}",
            "object": thing,
            "object_url": address_of(thing),
            "opts": self.opts,
            "lines": history_of(thing).lines,
        }
        return TemplateResponse(request, "admin/object_history.html", context)

    def is_gone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]


def _parameter(offered: Any) -> str:
    """Of an entry of `list_filter`: a field, or a filter of our own."""
    return offered if isinstance(offered, str) else str(offered.parameter_name)


def product_url(request: HttpRequest, thing: Model) -> str:
    """The page of a row in the product, for a person who may open it."""
    kind = KINDS.get(str(thing._meta.model_name))
    return reverse(kind.route, args=[thing.pk]) if kind and kind.route and kind.readers(request.user) else ""


def listed(rows: Iterable[tuple[Model, str]], *, more: int = 0) -> SafeString:
    """Links to rows, with a remark to each; `more`: how many there are beside them."""
    items = format_html_join(
        "", '<li><a href="{}">{}</a> {}</li>', ((address_of(row), row, text) for row, text in rows)
    )
    rest = format_html("<li>and {} more</li>", more) if more > 0 else ""
    return format_html('<ul class="listed">{}{}</ul>', items, rest) if items else SafeString("none")
