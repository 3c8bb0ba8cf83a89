"""The `kairos` command."""
