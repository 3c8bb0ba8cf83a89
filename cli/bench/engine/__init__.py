"""`kairos bench engine`: the decision engine on a generated catalogue and generated persons, against its peers."""
