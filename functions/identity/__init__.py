"""Identity: finds out whose signal it is."""
