"""The standard library and the connectors."""
