"""Everything that speaks to a Kubernetes API. The only package that imports `kubernetes`; it knows no Django."""
