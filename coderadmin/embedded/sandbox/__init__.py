"""A Kubernetes API for demonstrations and tests: one process, several small clusters, each on its own loopback port.

Nothing runs in it. Objects are stored, checked, applied, watched and deleted as on a cluster, and workloads move
through the states that a cluster would show. `python -m coderadmin.embedded.sandbox --state DIR --cluster NAME`.
"""
