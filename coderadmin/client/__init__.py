"""The command line for people: what the API can do, from a shell. Imports no Django; httpx, rich and YAML late."""
