"""A web server on this machine only, for as long as a test needs it; it compresses as a real host does."""

import gzip
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Lock, Thread

COMPRESSED_ALREADY = {".woff2", ".png", ".jpg", ".zip", ".bin"}
PIECE = 4096


@cache
def compressed(path: Path, version: int) -> bytes:
    """Return the content of a file after gzip at its strongest; `version` is the time of its last change."""
    return gzip.compress(path.read_bytes(), 9, mtime=0)


def transferred(path: Path) -> bytes:
    """Return what travels for a file."""
    if path.suffix in COMPRESSED_ALREADY:
        return path.read_bytes()
    return compressed(path, path.stat().st_mtime_ns)


class Line:
    """A line that all connections share: so many bytes in a second, and a delay before each answer.

    Chromium's own slow line sometimes stalls for good, so the server is slow instead.
    """

    def __init__(self, bytes_per_second: float, delay: float):
        self.bytes_per_second, self.delay = bytes_per_second, delay
        self._free_at, self._lock = 0.0, Lock()

    def send(self, data: bytes, write) -> None:
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            with self._lock:
                self._free_at = max(time.monotonic(), self._free_at) + len(piece) / self.bytes_per_second
                wait = self._free_at - time.monotonic()
            time.sleep(max(0, wait))
            write(piece)


class Handler(SimpleHTTPRequestHandler):
    """Answers with files of the folder."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments, line: Line | None, **keywords):
        self.line = line
        super().__init__(*arguments, **keywords)

    def send_head(self):
        path = Path(self.translate_path(self.path))
        accepted = "gzip" in self.headers.get("Accept-Encoding", "")
        if not accepted or not path.is_file() or path.suffix in COMPRESSED_ALREADY:
            return super().send_head()
        body = self.body(path)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return BytesIO(body)

    def body(self, path: Path) -> bytes:
        """Return what travels for a file that is compressed."""
        return transferred(path)

    def copyfile(self, source, outputfile):
        if self.line is None:
            super().copyfile(source, outputfile)
        else:
            time.sleep(self.line.delay)
            self.line.send(source.read(), outputfile.write)

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a browser hung up; what matters to a test it sees in the browser


@contextmanager
def serve(folder: Path, line: Line | None = None, handler: type[Handler] = Handler) -> Iterator[str]:
    """Serve a folder at a free port of this machine only and yield its address, without a final slash."""
    answer = partial(handler, directory=str(folder), line=line)
    server = _Server(("127.0.0.1", 0), answer)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
