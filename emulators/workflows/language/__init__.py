"""The language: how a definition is read, and everything that is wrong with it found before it runs."""
