"""Records: the days of the history sealed, verified and replayed."""
