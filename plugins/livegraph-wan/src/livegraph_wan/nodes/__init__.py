"""The node types, a module each."""
