"""The pieces that pages share."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory


class ExampleForm(forms.Form):
    name = forms.CharField(help_text="A DNS label.")
    keep = forms.BooleanField(required=False)
    organizations = forms.MultipleChoiceField(
        choices=[("a", "Research")], widget=forms.CheckboxSelectMultiple, required=False
    )
    version = forms.CharField(widget=forms.HiddenInput, initial="7")


def rendered(template: str, address: str = "/", **context: Any) -> str:
    return " ".join(render_to_string(template, context, RequestFactory().get(address)).split())


def test_a_field_says_what_is_wrong_with_it_to_those_who_do_not_see_it() -> None:
    page = rendered("includes/form_fields.html", form=ExampleForm({}))
    assert '<label for="id_name">' in page
    assert 'aria-describedby="id_name_helptext id_name_error"' in page
    assert 'aria-invalid="true"' in page
    assert 'id="id_name_helptext">A DNS label.' in page
    assert 'id="id_name_error"><p>This field is required.' in page


def test_every_field_of_a_form_is_there_with_its_own_kind_of_label() -> None:
    page = rendered("includes/form_fields.html", form=ExampleForm())
    assert '<label for="id_keep">Keep</label>' in page
    assert "<legend>Organizations" in page
    assert 'type="hidden" name="version"' in page


def test_pages_of_a_list_keep_the_search() -> None:
    page = Paginator(range(120), 50).page(2)
    text = rendered("includes/pagination.html", "/?q=a%26b&status=error", page=page)
    assert 'rel="prev" href="?q=a%26b&amp;status=error&amp;page=1"' in text
    assert 'rel="next" href="?q=a%26b&amp;status=error&amp;page=3"' in text
    assert "51–100 of 120" in text  # noqa: RUF001 - from … to


def test_a_single_page_has_no_pagination() -> None:
    assert "<nav" not in rendered("includes/pagination.html", page=Paginator(range(3), 50).page(1))


def test_a_confirm_page_says_what_will_happen_and_escapes_names() -> None:
    page = rendered(
        "confirm.html",
        title="Delete <b>x</b>",
        effects=["The Helm release is removed."],
        form=ExampleForm(),
        submit_label="Delete",
        dangerous=True,
        cancel_url="/back/",
    )
    assert "<h1>Delete &lt;b&gt;x&lt;/b&gt;</h1>" in page
    assert "<li>The Helm release is removed.</li>" in page
    assert '<button class="btn danger">Delete</button>' in page
    assert 'href="/back/">Cancel' in page


def test_messages_can_travel_beside_a_fragment() -> None:
    assert "hx-swap-oob" in rendered("includes/messages.html", swap=True)
    assert "hx-swap-oob" not in rendered("includes/messages.html")


def test_a_status_is_said_in_words() -> None:
    assert rendered("includes/status_chip.html", status="error", detail="14 min").endswith(
        '<span class="chip error">error · 14 min</span>'
    )
