"""Cards and their marks, fifty on a page: too many for a template's loops. What people typed is escaped."""

from django import template
from django.template import Context
from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from providers.cards import Card

register = template.Library()

BODY = "providers/partials/provider_body.html"
CARD = """<details class="card" id="provider-{pk}"{open}>
  <summary>
    <div><h2>{name}</h2><span class="sub">{hostname}</span></div>
    {marks}
    <svg class="chev" viewBox="0 0 24 24" aria-hidden="true"><path d="m6 9 6 6 6-6"/></svg>
  </summary>
  {body}
</details>
"""
CLOSED = """<div class="body" id="provider-body-{pk}" hx-get="{url}" hx-trigger="toggle from:closest details once" \
hx-swap="outerHTML">
    <p class="muted"><span class="htmx-indicator">Loading…</span> <a href="{url}">Open the page of {name}</a></p>
  </div>"""
LONGEST_CORDON = 60  # characters of its reason


@register.simple_tag(takes_context=True)
def provider_cards(context: Context, cards: list[Card]) -> SafeString:
    """Each with its body if it has details, else with a body that is loaded when it is opened."""
    place = reverse("providers:provider_list")
    return mark_safe("".join(_card(context, card, f"{place}{card.provider.pk}/") for card in cards))  # noqa: S308


@register.simple_tag
def provider_marks(card: Card, *, swap: bool = False) -> SafeString:
    """`swap`: out of band, to replace the marks that a page shows."""
    return mark_safe(_marks(card, ' hx-swap-oob="true"' if swap else ""))  # noqa: S308


def _card(context: Context, card: Card, url: str) -> str:
    provider = card.provider
    name = escape(provider.name)
    if card.details:
        with context.push(card=card, swap=False):
            body = get_template(BODY).template.render(context)  # type: ignore[attr-defined]
    else:
        body = CLOSED.format(pk=provider.pk, url=url, name=name)
    return CARD.format(
        pk=provider.pk,
        open=" open" if card.details else "",
        name=name,
        hostname=escape(provider.hostname),
        marks=_marks(card),
        body=body,
    )


def _marks(card: Card, attributes: str = "") -> str:
    status, detail = card.provider.status, card.chip_detail
    tags = "".join(f'<span class="tag{kind and " "}{kind}">{text}</span>\n' for text, kind in _tags(card))
    chip = f'<span class="chip {status}">{status}{" · " if detail else ""}{escape(detail)}</span>'
    return f'<div class="marks" id="provider-marks-{card.provider.pk}"{attributes}>\n{tags}{chip}</div>'


def _tags(card: Card) -> list[tuple[str, str]]:
    """Texts, as they are written into the page, with their kinds."""
    provider, drift = card.provider, card.drift
    tags = [
        (provider.is_default, "default", ""),
        (provider.built_in, "built-in", "plain"),
        (provider.is_cordoned, provider.is_cordoned and _cordoned(provider.cordon_reason), "warn"),
        (card.uses_old_access_url, "uses the old access URL", "warn"),
        (drift.by_hand, "changed by hand", "warn"),
        (drift.undeployed and not drift.by_hand and not card.uses_old_access_url, "changes not deployed", "warn"),
        (card.unchecked, f"not checked for {card.unchecked}", "warn"),
        (card.newer_chart, "chart outdated", "plain"),
        (card.doing, card.doing, "plain busy"),
    ]
    return [(str(text), kind) for is_shown, text, kind in tags if is_shown]


def _cordoned(reason: str) -> str:
    return f"cordoned · {escape(Truncator(reason).chars(LONGEST_CORDON))}"
