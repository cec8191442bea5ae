"""Errors of a service, shown where they are about."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

FIELD_OF_ERROR = {"name_taken": "name"}


def add_service_errors(form: forms.Form, error: ValidationError) -> None:
    """Each at the field that it is about; what concerns no field of the form goes to its top."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for name, errors in by_field.items():
        for one in errors:
            shown = FIELD_OF_ERROR.get(one.code or "", name)
            form.add_error(shown if shown in form.fields else None, one)
