"""The options of a long select."""

from django import template

from organizations.forms.widgets import options

register = template.Library()
register.simple_tag(options)
