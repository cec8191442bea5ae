"""What the pages are compared with: the Django admin's own list of the same table, and a bare view."""
