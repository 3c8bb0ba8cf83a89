"""Cloud Workflows on a laptop: the language, what runs it, and the server that speaks Google's REST APIs."""
