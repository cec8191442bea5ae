"""What `make bench` measures: ratios against a named baseline of the same run, and no promise in seconds."""
