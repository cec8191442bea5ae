"""Rows of the list of environments, and their marks: fifty are too many for a template's loop. Texts are escaped."""

from collections.abc import Iterable
from html import escape

from django import template
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from environments.models import Environment
from environments.rows import Row

register = template.Library()

SWAP = ' hx-swap-oob="true"'
ROW = """<tr>
  <th scope="row"><a href="{place}{pk}/">{name}</a><br><span class="muted">{image}</span></th>
  {owner}<td data-label="Organization">{organization}</td>
  <td data-label="Provider">{provider}</td>
  <td data-label="Size">{size}</td>
  <td data-label="Status">{chip} {link}</td>
</tr>
"""
OWNER = '<td data-label="Owner"><span title="{email}">{name}</span></td>\n  '


@register.simple_tag
def environment_rows(rows: Iterable[Row], *, with_owners: bool) -> SafeString:
    place = reverse("environments:environment_list")
    return mark_safe("".join(_row(row, place, with_owners=with_owners) for row in rows))  # noqa: S308


@register.simple_tag
def environment_marks(row: Row) -> SafeString:
    """Chip and link to open it, out of band: they replace those that a page shows."""
    return mark_safe(_chip(row, SWAP) + _link(row, reverse("environments:environment_list"), SWAP))  # noqa: S308


@register.simple_tag
def environment_chip(row: Row) -> SafeString:
    return mark_safe(_chip(row))  # noqa: S308


@register.filter
def size(environment: Environment) -> str:
    cpu_cores, memory_gb = floatformat(environment.cpu_cores), floatformat(environment.memory_gb)
    gpus = f" · {environment.gpus} GPU{'' if environment.gpus == 1 else 's'}" if environment.gpus else ""
    return f"{cpu_cores} CPU · {memory_gb} GB · {environment.disk_gb} GB disk{gpus}"


def _row(row: Row, place: str, *, with_owners: bool) -> str:
    environment = row.environment
    owner = environment.owner
    return ROW.format(
        place=place,
        pk=environment.pk,
        name=escape(environment.name),
        image=escape(f"{environment.image}:{environment.tag}"),
        owner=OWNER.format(email=escape(owner.email), name=escape(str(owner))) if with_owners else "",
        organization=escape(environment.organization.name),
        provider=escape(environment.provider.name),
        size=size(environment),
        chip=_chip(row),
        link=_link(row, place),
    )


def _chip(row: Row, attributes: str = "") -> str:
    detail = f" · {row.detail}" if row.detail else ""
    chip = f'<span class="chip {row.chip}">{row.label}{detail}</span>'
    return f'<span id="environment-chip-{row.environment.pk}"{attributes}>{chip}</span>'


def _link(row: Row, place: str, attributes: str = "") -> str:
    """Empty while it leads nowhere, and there, so that the link comes with the state in which it leads somewhere."""
    pk, link = row.environment.pk, ""
    if row.opens:
        name = escape(row.environment.name)
        link = f'<a href="{place}{pk}/open/">Open<span class="visually-hidden"> {name}</span></a>'
    return f'<span id="environment-open-{pk}"{attributes}>{link}</span>'
