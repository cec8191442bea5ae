"""Providers as code: a file that says what a fleet should be, and what it takes to get there."""
