"""The protocol of the original command line."""
