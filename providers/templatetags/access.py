"""The rows of the access matrix: 40,000 cells, too many for a template's loop.

They are put together from texts of ours; what people typed, the names of the row's organization, is escaped once a row.
"""

from collections.abc import Iterator

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from organizations.models import Organization
from providers.access import LETTERS, MERELY_OPEN, NOTHING, Cell, Grid
from providers.choices import Access

register = template.Library()

READ_ONLY = {Access.NONE: "", Access.OPEN: "yes", Access.CLOSING: "closing"}


@register.simple_tag
def matrix_rows(grid: Grid, can_manage: bool) -> SafeString:
    """Every row of the table's body. Names of cells are made by reference: “Platform” “on” “sydney”."""
    columns = ids(list(grid.providers))
    rows = (
        _editable_row(grid, number, each, columns) if can_manage else _readable_row(grid, each)
        for number, each in enumerate(grid.organizations)
    )
    return mark_safe("\n".join(rows))  # noqa: S308


@register.filter
def ids(things: list) -> str:
    """Those of providers or organizations, as the form reads them."""
    return ",".join(each.pk.hex for each in things)


def _editable_row(grid: Grid, number: int, organization: Organization, columns: str) -> str:
    form = f"f{number}"
    shown = "".join(LETTERS[cell.present] for cell in grid.row(organization))
    url = reverse("providers:organization_allowlist", args=[organization.pk])
    head = format_html(
        '<tr data-row="{}" data-shown="{}"><th scope="row"><a id="r{}" href="{}">{}</a>'
        '<noscript><input type="hidden" name="organizations" value="{}" form="{}">'
        '<input type="hidden" name="shown" value="{}" form="{}">'
        '<input type="hidden" name="providers" value="{}" form="{}">'
        '<button class="btn" form="{}">Save<span class="visually-hidden"> the row of {}</span></button>'
        "</noscript></th>",
        organization.pk.hex, shown, number, url, organization.name,
        organization.pk.hex, form, shown, form, columns, form, form, organization.name,
    )  # fmt: skip
    return head + "".join(_editable_cells(grid, number, organization)) + "</tr>"


def _editable_cells(grid: Grid, number: int, organization: Organization) -> Iterator[str]:
    for column, cell in enumerate(grid.row(organization)):
        named = f'value="{column}" form="f{number}" autocomplete="off" aria-labelledby="r{number} on c{column}'
        if cell is NOTHING:
            yield f'<td><input type="checkbox" name="allowed" {named}"></td>'
            continue
        if cell is MERELY_OPEN:
            yield f'<td><input type="checkbox" name="allowed" {named}" checked></td>'
            continue
        changed = ' class="changed"' if cell.is_changed else ""
        checked = " checked" if cell.is_allowed else ""
        yield f'<td{changed}><input type="checkbox" name="allowed" {named}"{checked}>{_count(cell)}'
        if cell.may_close:
            checked = " checked" if cell.is_closing else ""
            yield f'<label class="closing"><input type="checkbox" name="closing" {named} cl"{checked}>closing</label>'
        yield "</td>"


def _readable_row(grid: Grid, organization: Organization) -> str:
    cells = (f"<td>{READ_ONLY[cell.present]}{_count(cell)}</td>" for cell in grid.row(organization))
    return f'<tr><th scope="row">{escape(organization.name)}</th>{"".join(cells)}</tr>'


def _count(cell: Cell) -> str:
    if not cell.environments:
        return ""
    words = f"{cell.running} running, {cell.stopped} stopped"
    return f' <small title="{words}">{cell.environments}<span class="visually-hidden"> environments</span></small>'
