"""The Django admin at /support/, for people who help others.

They look at everything but secrets, and do a few things that are safe. What is seen is a page of `pages.ReadOnlyAdmin`,
what is done a `helping.Help`, what needs somebody a `dashboard.Panel`; each app brings its own in admin.py.
"""
