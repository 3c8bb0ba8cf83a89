"""The server: workflows and their executions by Google's REST APIs, and what runs them."""
