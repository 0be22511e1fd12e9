"""A small model server: OpenAI's protocol over HTTP on 127.0.0.1, the bundled model behind it, faults as a test wants them."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from encoders import minilm

Fault = Callable[["_Handler", dict], None]
"""Answers a request, whose body it gets, in place of the model."""


@dataclass
class Server:
    """A running server and what was asked of it.

    Attributes
    ----------
    embed : makes the vectors of texts, float32 [n, D].
    faults : answers to the next requests, in order, before the model answers again.
    key : what requests must be authorized by; None for no key.
    longest : characters of the longest text that is taken; None takes all.
    seconds : how long an answer takes.
    bodies : what was asked, in the order of the answers.
    most_at_once : most requests that were under way at the same time.
    """

    embed: Callable[[list[str]], np.ndarray]
    faults: list[Fault] = field(default_factory=list)
    key: str | None = None
    longest: int | None = None
    seconds: float = 0
    bodies: list[dict] = field(default_factory=list)
    most_at_once: int = 0
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    under_way: int = 0

    @property
    def texts(self) -> list[str]:
        """All texts that were asked for, as often as they were."""
        return [text for body in self.bodies for text in body["input"]]


def embedded(texts: list[str]) -> np.ndarray:
    """Return the vectors of the bundled model."""
    return minilm().encode(texts, texts).vectors


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.served
        with server.lock:
            server.under_way += 1
            server.most_at_once = max(server.most_at_once, server.under_way)
            fault = server.faults.pop(0) if server.faults else None
        try:
            time.sleep(server.seconds)
            if server.key and self.headers.get("Authorization") != f"Bearer {server.key}":
                self.error(401, f"Incorrect API key provided: {self.headers.get('Authorization')}")
            elif self.path != "/v1/embeddings":
                self.error(404, "no such route")
            elif fault:
                fault(self, body)
            elif server.longest and max(map(len, body["input"])) > server.longest:
                self.error(400, f"This model's maximum context length is {server.longest} tokens")
            else:
                with server.lock:
                    vectors = server.embed(body["input"])
                    server.bodies.append(body)
                self.answer(answer_of(vectors, body.get("encoding_format") == "base64"))
        finally:
            with server.lock:
                server.under_way -= 1

    def answer(self, content: object, status: int = 200, **headers: str) -> None:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(raw)

    def error(self, status: int, words: str, **headers: str) -> None:
        self.answer({"error": {"message": words, "type": "error"}}, status, **headers)

    def log_message(self, *_: object) -> None:
        pass


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that were killed."""


def answer_of(vectors: np.ndarray, as_base64: bool = False) -> dict:
    """Return an answer as the protocol has it."""
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode() if as_base64 else vector.tolist(),
        }
        for index, vector in enumerate(vectors)
    ]
    return {"object": "list", "data": data, "model": "minilm", "usage": {"prompt_tokens": len(data), "total_tokens": len(data)}}


@contextmanager
def serving(embed: Callable[[list[str]], np.ndarray] = embedded, port: int = 0, **settings) -> Iterator[Server]:
    """Serve until the end of the block."""
    server = Server(embed, **settings)
    handler = type("Handler", (_Handler,), {"served": server})
    http = _QuietServer(("127.0.0.1", port), handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


# --- faults


def status(code: int, words: str = "busy", **headers: str) -> Fault:
    return lambda handler, body: handler.error(code, words, **headers)


def changed(change: Callable[[dict], object]) -> Fault:
    """Answer as the model does, after a change of the answer."""

    def fault(handler: _Handler, body: dict) -> None:
        answer = answer_of(handler.served.embed(body["input"]))
        handler.answer(change(answer) or answer)

    return fault


def cut(handler: _Handler, body: dict) -> None:
    """Close the connection in the midst of the answer."""
    raw = json.dumps(answer_of(handler.served.embed(body["input"]))).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw[: len(raw) // 2])
    handler.close_connection = True


def silence(seconds: float) -> Fault:
    return lambda handler, body: time.sleep(seconds)


def nonsense(handler: _Handler, body: dict) -> None:
    handler.answer(b"<html>Bad gateway</html>")
