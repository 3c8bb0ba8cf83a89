"""`python -m cli` is `kairos`."""

from cli.main import main

main()
