"""What is deployed: one folder, one Cloud Run function. Functions never import each other; `decide` composes
handlers.
"""
