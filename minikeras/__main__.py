"""`python -m minikeras`, with or without a script: see `minikeras.compat.runner`."""

import sys

from minikeras.compat.runner import main

if __name__ == "__main__":
    sys.exit(main())
