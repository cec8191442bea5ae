"""Expressions that Django does not have."""

from django.db.models import BooleanField, Func


class IsAnyOf(Func):
    """`filter(IsAnyOf("provider", Value(ids)))`: whether a value is in an array, which is one parameter.

    With `IN` Django spends longer on 200 ids than on their rows, and PostgreSQL leaves the value's index as soon as it
    guesses that a subquery finds many.
    """

    template, arg_joiner, arity = "%(expressions)s)", " = ANY(", 2
    output_field = BooleanField()
