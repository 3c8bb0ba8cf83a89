"""The ports that keep documents, over Firestore. Guards are preconditions of a batch commit, not locks."""
