"""What is deployed: one folder, one Cloud Run function. Functions never import each other; `decide` composes
handlers.

What a function imports stays, and the collector, as it is set by default, looks through all of it several times while
the function starts: a tenth of a cold start.
"""

import gc

gc.set_threshold(50_000, 20, 20)
