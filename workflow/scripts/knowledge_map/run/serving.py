"""Showing a page of tiles on this machine: a folder, read only, for nobody but this machine."""

import functools
import sys
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from knowledge_map.common.errors import UserError

ADDRESS = "127.0.0.1"

A_YEAR = 31_536_000
"""Seconds."""


class PageHandler(SimpleHTTPRequestHandler):
    """Answers with the files of a folder, and keeps connections open.

    Files below `data/` are named by their content, so that a browser may keep them; it asks for all others each time.
    """

    protocol_version = "HTTP/1.1"

    def end_headers(self) -> None:
        """Say how long a browser may keep the answer."""
        keeping = f"max-age={A_YEAR}, immutable" if self.path.startswith("/data/") else "no-cache"
        self.send_header("Cache-Control", keeping)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


class PageServer(ThreadingHTTPServer):
    """Serves to many at once; a browser that no longer wants an answer is no fault."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where the browser has closed the connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def page_server(folder: Path, port: int = 0) -> PageServer:
    """Return a server of `folder` on this machine, 0 being any port that is free.

    Raises UserError where there is no page in it, or something else listens at the port.
    """
    if not (folder / "index.html").exists():
        raise UserError(f"{folder}: no page of tiles; make it with `snakemake --cores 2 page_tiles`.")
    try:
        return PageServer((ADDRESS, port), functools.partial(PageHandler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        raise UserError(f"port {port}: cannot be used ({error}); take another, as in `make serve PORT=8001`.") from None


def serve(folder: Path, port: int, tell: Callable[[str], None]) -> None:
    """Serve `folder` until an interrupt; `tell` takes the address at which the page is."""
    with page_server(folder, port) as server:
        tell(f"http://{ADDRESS}:{server.server_address[1]}/")
        server.serve_forever()
