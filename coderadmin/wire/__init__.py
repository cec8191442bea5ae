"""What all routes of the original command line's protocol have in common. The routes are in each app's `wire` package.

The protocol is frozen: paths without a trailing slash, no content type, no redirect, errors as {"error": {"msg": …}}.
"""
