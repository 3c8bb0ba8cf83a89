"""The tests of Kairos."""
