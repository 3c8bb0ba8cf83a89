"""Adapters: each port of `shared.ports` over one technology. A module imports only its own client."""
