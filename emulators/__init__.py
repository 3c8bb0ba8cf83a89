"""The platform on a laptop: starts the emulators and the functions, waits for them, and stops them."""
