"""`python -m minikeras`, with or without a script (`minikeras.compat.runner`), or with a command."""

import sys


def main() -> int:
    """Run the command line and return the exit status."""
    if sys.argv[1:2] == ["playground"]:
        from minikeras.playground.command import main as playground

        return playground(sys.argv[2:])
    from minikeras.compat.runner import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
