"""`python -m minikeras`, with or without a script (`minikeras.compat.runner`), or with a command."""

import importlib
import sys

COMMANDS = {"playground": "minikeras.playground.command"}
"""Words that stand in a script's place, and whose `main` takes the arguments after them."""


def main() -> int:
    """Run the command line and return the exit status."""
    first = sys.argv[1] if len(sys.argv) > 1 else None
    if first in COMMANDS:
        return importlib.import_module(COMMANDS[first]).main(sys.argv[2:])
    return importlib.import_module("minikeras.compat.runner").main()


if __name__ == "__main__":
    sys.exit(main())
