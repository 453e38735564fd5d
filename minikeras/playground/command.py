"""`python -m minikeras playground`."""

from __future__ import annotations

import argparse
import sys
import threading
import webbrowser
from collections.abc import Sequence

from minikeras.playground.server import PlaygroundServer


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the page until Ctrl-C.

    Args:
        argv: arguments after `playground`, `sys.argv[1:]` if None.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(
        prog="python -m minikeras playground",
        description="Write small models on a page of this machine's, train them and look into them.",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port to serve on; a free one if not given"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    options = parser.parse_args(argv)
    try:
        with PlaygroundServer(options.port) as server:
            print(f"The playground is at {server.address}\nStop it with Ctrl-C.", flush=True)
            if not options.no_browser:
                # On a thread: browsers of the terminal run until they are closed.
                threading.Thread(
                    target=webbrowser.open, args=(server.address,), daemon=True
                ).start()
            server.serve_forever()
    except KeyboardInterrupt:
        print("\nStopped.")
    except (OSError, OverflowError) as error:
        print(f"python -m minikeras playground: port {options.port}: {error}", file=sys.stderr)
        return 2
    return 0
