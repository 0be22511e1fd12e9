"""A stand-in for the Hugging Face hub: real HTTP on 127.0.0.1, as much of its protocol as is needed to fetch files."""

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHUNK = 1 << 14


@dataclass
class Hub:
    """Repositories and what was asked of them.

    Attributes
    ----------
    files : content by ("models/owner/name" or "datasets/owner/name") and file name.
    commits : the only revision of a repository, where it is not `COMMIT`.
    requests : method and path of every request, in order; for a part of a file with its first byte.
    cut_after : so many bytes into a file the connection is closed, once for each file named here.
    hang : the content of the file of this name never comes.
    failures : so many requests are answered with 503.
    online : what comes while it is False is dropped without an answer.
    """

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    commits: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    cut_after: dict[str, int] = field(default_factory=dict)
    hang: str | None = None
    failures: int = 0
    online: bool = True
    endpoint: str = ""

    def add(self, repository: str, folder: Path, commit: str = COMMIT) -> None:
        """Serve the files below a folder."""
        self.commits[repository] = commit
        self.files[repository] = {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
        }

    @property
    def asked(self) -> list[str]:
        """The requests that concern a repository; the library also asks what programs there are that use it."""
        return [line for line in self.requests if "/tree/" in line or "/resolve/" in line]

    @property
    def fetched(self) -> list[str]:
        """Names of the files whose content was asked for, in order, and as often as they were."""
        return [match[1] for line in self.requests if (match := re.match(r"GET .*/resolve/\w+/(\S+)", line))]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        start = int(re.match(r"bytes=(\d+)-", self.headers.get("Range", "bytes=0-"))[1])
        path = self.path.partition("?")[0]
        self.hub.requests.append(f"{self.command} {path}" + (f" from {start}" if start else ""))
        if not self.hub.online:
            self.close_connection = True
        elif self.hub.failures:
            self.hub.failures -= 1
            self._send(503, b"out of order")
        elif listing := re.fullmatch(r"/api/((?:models|datasets)/[^/]+/[^/]+)/tree/([^/]+)", path):
            self._list(*listing.groups())
        elif file := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._give(f"{file[1] or 'models/'}{file[2]}", file[3], file[4], start)
        else:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})

    def _refused(self, repository: str, revision: str) -> bool:
        missing = None
        if repository not in self.hub.files:
            missing = "RepoNotFound"
        elif revision != self.hub.commits.get(repository, COMMIT):
            missing = "RevisionNotFound"
        if missing:
            self._send(404, b"", {"X-Error-Code": missing})
        return missing is not None

    def _list(self, repository: str, revision: str) -> None:
        if self._refused(repository, revision):
            return
        entries = [
            {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for name, content in self.hub.files[repository].items()
        ]
        self._send(200, json.dumps(entries).encode(), {"Content-Type": "application/json"})

    def _give(self, repository: str, revision: str, name: str, start: int) -> None:
        if self._refused(repository, revision):
            return
        content = self.hub.files[repository].get(name)
        if content is None:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": revision})
            return
        headers = {"X-Repo-Commit": revision, "ETag": f'"{hashlib.sha256(content).hexdigest()}"', "Accept-Ranges": "bytes"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        cut = self.hub.cut_after.pop(name, None) if self.command == "GET" else None
        if name == self.hub.hang and self.command == "GET":
            time.sleep(60)
        self._send(206 if start else 200, content[start:], headers, cut)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: int | None = None) -> None:
        self.send_response(status)
        for key, value in ((headers or {}) | {"Content-Length": str(len(body))}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve a hub while the context lasts, and name its address as `endpoint`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def environment(hub: Hub, home: Path) -> dict[str, str]:
    """Return the variables by which a process asks this hub, and keeps what it gets in a folder of its own."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))},
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(home),
        "NO_PROXY": "127.0.0.1",
    }
