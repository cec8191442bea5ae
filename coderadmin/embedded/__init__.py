"""What starts when no outside service is configured: PostgreSQL, Valkey, sandbox Kubernetes, and their supervisor.

Nothing here imports Django, so that starting costs little.
"""
