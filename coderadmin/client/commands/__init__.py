"""The commands, a file for each thing they are about. Loaded when they are called (coderadmin.cli)."""
