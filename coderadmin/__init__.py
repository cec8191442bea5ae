"""The Django project: wiring only, no rules."""

__version__ = "0.1.0"
