"""The rows of the access matrix: 40,000 cells, too many for a template's loop, and too many to send one by one.

Script lays them out (static/js/access.js): each different cell is sent once, and for each row which of them it holds. Who has
no script is led to the same page with every cell in it, and with a form for each row. Both are put together from texts
of ours; what people typed, the names of the row's organization, is escaped once a row.
"""

from collections.abc import Iterator

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from organizations.models import Organization
from providers.access import LETTERS, NOTHING, Cell, Grid
from providers.choices import Access

register = template.Library()

ROW, COLUMN = "#", "@"  # in no text of ours; the script replaces the same
READ_ONLY = {Access.NONE: "", Access.OPEN: "yes", Access.CLOSING: "closing"}
Kinds = dict[Cell, int]
"""The different cells of a grid, numbered in the order in which they are sent."""


@register.simple_tag
def matrix_rows(grid: Grid, can_manage: bool) -> SafeString:
    """Every row of the table's body. Names of cells are made by reference: “Platform” “on” “sydney”."""
    if not can_manage:
        return mark_safe("\n".join(_readable_row(grid, each) for each in grid.organizations))  # noqa: S308
    columns = ids(list(grid.providers))
    rows = (_row_with_form(grid, number, each, columns) for number, each in enumerate(grid.organizations))
    return mark_safe("\n".join(rows))  # noqa: S308


@register.simple_tag
def matrix_plan(grid: Grid) -> SafeString:
    """The same rows for the script: their heads with `data-cells`, after a `<template>` with each different cell."""
    kinds: Kinds = {NOTHING: 0}
    rows = [_planned_row(grid, number, each, kinds) for number, each in enumerate(grid.organizations)]
    cells = "".join(map(_cell, kinds))
    return mark_safe("\n".join([f"<template>{cells}</template>", *rows]))  # noqa: S308


@register.filter
def ids(things: list) -> str:
    """Those of providers or organizations, as the form reads them."""
    return ",".join(each.pk.hex for each in things)


def _planned_row(grid: Grid, number: int, organization: Organization, kinds: Kinds) -> str:
    """Adds to `kinds` what is new."""
    shown, cells = [LETTERS[Access.NONE]] * len(grid.providers), ["0"] * len(grid.providers)
    for column, cell in grid.by_organization[organization.pk]:
        shown[column] = LETTERS[cell.present]
        cells[column] = str(kinds.setdefault(cell, len(kinds)))
    return format_html(
        '<tr data-row="{}" data-shown="{}" data-cells="{}"><th scope="row">{}</th></tr>',
        organization.pk.hex, "".join(shown), " ".join(cells), _name(number, organization),
    )  # fmt: skip


def _row_with_form(grid: Grid, number: int, organization: Organization, columns: str) -> str:
    form, row = f"f{number}", grid.row(organization)
    shown = "".join([LETTERS[cell.present] for cell in row])
    head = format_html(
        '<tr data-row="{}" data-shown="{}"><th scope="row">{}'
        '<noscript><input type="hidden" name="organizations" value="{}" form="{}">'
        '<input type="hidden" name="shown" value="{}" form="{}">'
        '<input type="hidden" name="providers" value="{}" form="{}">'
        '<button class="btn" form="{}">Save<span class="visually-hidden"> the row of {}</span></button>'
        "</noscript></th>",
        organization.pk.hex, shown, _name(number, organization),
        organization.pk.hex, form, shown, form, columns, form, form, organization.name,
    )  # fmt: skip
    return f"{head}{''.join(_cells(row)).replace(ROW, str(number))}</tr>"


def _name(number: int, organization: Organization) -> SafeString:
    url = reverse("providers:organization_allowlist", args=[organization.pk])
    return format_html('<a id="r{}" href="{}">{}</a>', number, url, organization.name)


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
