"""The rows of the access matrix: 40,000 cells, too many for a template's loop, and too many to send one by one.

Script lays them out (static/js/access.js): each different cell is sent once, and for each row which of them it holds.
Who has no script is led to the same page with every cell in it, and with a form for each row. Both are put together
from texts of ours; what people typed, the names of organizations and providers, is escaped.
"""

from collections.abc import Callable, Iterator
from html import escape
from uuid import UUID

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from organizations.models import Organization
from providers.access import LETTERS, NOTHING, Cell, Grid
from providers.choices import Access, ProviderStatus
from providers.models import WorkspaceProvider

register = template.Library()

ROW, COLUMN = "#", "@"  # in no text of ours; the script replaces the same
READ_ONLY = {Access.NONE: "", Access.OPEN: "yes", Access.CLOSING: "closing"}
ANY = UUID(int=0)
Kinds = dict[Cell, int]
"""The different cells of a grid, numbered in the order in which they are sent."""
Places = Callable[[UUID], str]
"""The addresses of one page for many things."""


@register.simple_tag
def matrix_columns(grid: Grid) -> SafeString:
    """The heads of the columns, to which cells refer by `c` and the number."""
    place = _places("providers:provider_allowlist")
    return mark_safe("".join(_column(number, each, place(each.pk)) for number, each in enumerate(grid.providers)))  # noqa: S308


@register.simple_tag
def matrix_rows(grid: Grid, can_manage: bool) -> SafeString:
    """Every row of the table's body. Names of cells are made by reference: “Platform” “on” “sydney”."""
    if not can_manage:
        return mark_safe("\n".join(_readable_row(grid, each) for each in grid.organizations))  # noqa: S308
    columns, place = ids(list(grid.providers)), _places("providers:organization_allowlist")
    rows = (_row_with_form(grid, number, each, columns, place) for number, each in enumerate(grid.organizations))
    return mark_safe("\n".join(rows))  # noqa: S308


@register.simple_tag
def matrix_plan(grid: Grid) -> SafeString:
    """The same rows for the script, after a `<template>` with each different cell, the first of which is an empty one.

    `data-shown` has the letter of each, `data-cells` of a row the places of those that are not empty: `4:1 17:2`.
    """
    kinds, place = {NOTHING: 0}, _places("providers:organization_allowlist")
    rows = [_planned_row(grid, number, each, kinds, place) for number, each in enumerate(grid.organizations)]
    cells, letters = "".join(map(_cell, kinds)), "".join(LETTERS[cell.present] for cell in kinds)
    return mark_safe("\n".join([f'<template data-shown="{letters}">{cells}</template>', *rows]))  # noqa: S308


@register.filter
def ids(things: list) -> str:
    """Those of providers or organizations, as the form reads them."""
    return ",".join(each.pk.hex for each in things)


def _places(route: str) -> Places:
    """One reversal for all of them: it takes longer than the rest of a row."""
    before, _, after = reverse(route, args=[ANY]).partition(str(ANY))
    return lambda pk: f"{before}{pk}{after}"


def _column(number: int, provider: WorkspaceProvider, url: str) -> str:
    head = f'<th scope="col"><a id="c{number}" href="{url}">{escape(provider.name)}</a>'
    if provider.status != ProviderStatus.READY:
        head += f' <span class="{provider.status}">{provider.get_status_display().lower()}</span>'
    if provider.is_cordoned:
        head += ' <span class="cordoned">cordoned</span>'
    return f"{head}</th>"


def _planned_row(grid: Grid, number: int, organization: Organization, kinds: Kinds, place: Places) -> str:
    """Adds to `kinds` what is new."""
    cells = [f"{column}:{kinds.setdefault(cell, len(kinds))}" for column, cell in grid.filled(organization)]
    head = f'<tr data-row="{organization.pk.hex}" data-cells="{" ".join(cells)}"><th scope="row">'
    return f"{head}{_name(number, organization, place)}</th></tr>"


def _row_with_form(grid: Grid, number: int, organization: Organization, columns: str, place: Places) -> str:
    form, row = f"f{number}", grid.row(organization)
    shown = "".join([LETTERS[cell.present] for cell in row])
    head = format_html(
        '<tr data-row="{}" data-shown="{}"><th scope="row">{}'
        '<noscript><input type="hidden" name="organizations" value="{}" form="{}">'
        '<input type="hidden" name="shown" value="{}" form="{}">'
        '<input type="hidden" name="providers" value="{}" form="{}">'
        '<button class="btn" form="{}">Save<span class="visually-hidden"> the row of {}</span></button>'
        "</noscript></th>",
        organization.pk.hex, shown, _name(number, organization, place),
        organization.pk.hex, form, shown, form, columns, form, form, organization.name,
    )  # fmt: skip
    return f"{head}{''.join(_cells(row)).replace(ROW, str(number))}</tr>"


def _name(number: int, organization: Organization, place: Places) -> SafeString:
    name = escape(organization.name)
    return mark_safe(f'<a id="r{number}" href="{place(organization.pk)}">{name}</a>')  # noqa: S308 - the name is escaped


def _cells(row: list[Cell]) -> Iterator[str]:
    return (_cell(cell).replace(COLUMN, str(column)) for column, cell in enumerate(row))


def _cell(cell: Cell) -> str:
    """With ROW and COLUMN for the numbers of its row and column."""
    named = f'value="{COLUMN}" form="f{ROW}" aria-labelledby="r{ROW} on c{COLUMN}'
    changed = ' class="changed"' if cell.is_changed else ""
    checked, closing = (" checked" if is_so else "" for is_so in (cell.is_allowed, cell.is_closing))
    found = f'<td{changed}><input type="checkbox" name="allowed" {named}"{checked}>{_count(cell)}'
    if cell.may_close:
        found += f'<label class="closing"><input type="checkbox" name="closing" {named} cl"{closing}>closing</label>'
    return f"{found}</td>"


def _readable_row(grid: Grid, organization: Organization) -> str:
    cells = (f"<td>{READ_ONLY[cell.present]}{_count(cell)}</td>" for cell in grid.row(organization))
    return f'<tr><th scope="row">{escape(organization.name)}</th>{"".join(cells)}</tr>'


def _count(cell: Cell) -> str:
    if not cell.environments:
        return ""
    words = f"{cell.running} running, {cell.stopped} stopped"
    return f' <small title="{words}">{cell.environments}<span class="visually-hidden"> environments</span></small>'
