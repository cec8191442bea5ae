"""The choices of the create form: hundreds, too many for a template's loop. Texts are escaped."""

from collections.abc import Collection, Iterable
from html import escape
from urllib.parse import urlencode
from uuid import UUID

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from environments.offers import Offer
from environments.placement import Placement
from organizations.forms.widgets import options
from organizations.models import Organization
from providers.candidates import Candidate

register = template.Library()

CHOICE = """<li class="choice{refused}">
  <input type="radio" name="provider" value="{pk}" id="provider-{pk}"{state} aria-describedby="about-{pk}">
  <label for="provider-{pk}">{name}</label>
  <span class="marks">{tags}<span class="chip {status}">{label}</span></span>
  <p class="about" id="about-{pk}">{about}</p>
</li>
"""
LATENCY = '<span class="latency"{measured}>Latency unknown</span>'


@register.simple_tag
def provider_choices(offer: Offer, chosen: UUID | None, measured: Collection[UUID], asked_for: str) -> SafeString:
    """Those that can't be have the reasons, and a link to all of them: about `asked_for`, an e-mail, if it is given."""
    asked = {"organization": offer.organization.pk, **({"person": asked_for} if asked_for else {})}
    why = f"{reverse('environments:why')}?{escape(urlencode(asked))}&amp;provider="
    return mark_safe("".join(_choice(answer, chosen, measured, why) for answer in offer.answers))  # noqa: S308


@register.simple_tag
def organization_options(organizations: Iterable[Organization], chosen: UUID) -> SafeString:
    return options([(each.pk, each.name) for each in organizations], chosen)


def _choice(answer: Placement, chosen: UUID | None, measured: Collection[UUID], why: str) -> str:
    provider, pk = answer.provider, str(answer.provider.pk)
    checked = " checked" if provider.pk == chosen else ""
    if answer.allowed:
        address = f' data-latency="{escape(provider.hostname)}"' if provider.pk in measured else ""
        about = LATENCY.format(measured=address)
    else:
        reasons = escape(" ".join(rule.text for rule in answer.refusals))
        about = f'{reasons} <a href="{why}{pk}">Why?</a>'
    return CHOICE.format(
        pk=pk,
        name=escape(provider.name),
        refused="" if answer.allowed else " refused-choice",
        state=checked if answer.allowed else " disabled",
        tags=_tags(provider),
        status=provider.status,
        label=provider.status.capitalize(),
        about=about,
    )


def _tags(provider: Candidate) -> str:
    default = '<span class="tag">default</span> ' if provider.is_default else ""
    return f'{default}<span class="tag warn">cordoned</span> ' if provider.is_cordoned else default
