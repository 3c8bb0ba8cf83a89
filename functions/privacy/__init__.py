"""Privacy: hands over and erases what is held about a person."""
