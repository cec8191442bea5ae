"""The rows of the access matrix: 40,000 cells, too many for a template's loop.

They are put together from texts of ours; what people typed, the names of the row's organization, is escaped once a row.
"""

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from organizations.models import Organization
from providers.access import LETTERS, MERELY_OPEN, NOTHING, Cell, Grid
from providers.choices import Access

register = template.Library()

ROW = "#"  # in no text of ours
Usual = tuple[list[str], list[str]]
"""What most cells are, for each column: NOTHING, and MERELY_OPEN."""
READ_ONLY = {Access.NONE: "", Access.OPEN: "yes", Access.CLOSING: "closing"}


@register.simple_tag
def matrix_rows(grid: Grid, can_manage: bool) -> SafeString:
    """Every row of the table's body. Names of cells are made by reference: “Platform” “on” “sydney”."""
    if not can_manage:
        return mark_safe("\n".join(_readable_row(grid, each) for each in grid.organizations))  # noqa: S308
    columns, usual = ids(list(grid.providers)), (_each_column(grid, NOTHING), _each_column(grid, MERELY_OPEN))
    rows = (_editable_row(grid, number, each, columns, usual) for number, each in enumerate(grid.organizations))
    return mark_safe("\n".join(rows))  # noqa: S308


@register.filter
def ids(things: list) -> str:
    """Those of providers or organizations, as the form reads them."""
    return ",".join(each.pk.hex for each in things)


def _each_column(grid: Grid, cell: Cell) -> list[str]:
    return [_cell(column, cell) for column in range(len(grid.providers))]


def _editable_row(grid: Grid, number: int, organization: Organization, columns: str, usual: Usual) -> str:
    form, row = f"f{number}", grid.row(organization)
    shown = "".join([LETTERS[cell.present] for cell in row])
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
    nothing, merely_open = usual
    cells = [
        nothing[column] if cell is NOTHING else merely_open[column] if cell is MERELY_OPEN else _cell(column, cell)
        for column, cell in enumerate(row)
    ]
    return f"{head}{''.join(cells).replace(ROW, str(number))}</tr>"


def _cell(column: int, cell: Cell) -> str:
    """With ROW for the number of its row."""
    named = f'value="{column}" form="f{ROW}" aria-labelledby="r{ROW} on c{column}'
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
