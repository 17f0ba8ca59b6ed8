"""What a page does wrong while a test uses it."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response

OWN_SCHEMES = ("data:", "blob:", "about:")
# Leaving a page ends what it was still loading, such as the script of a worker: no fault. What is missing, refused or
# forbidden fails by other names.
LEFT = re.compile(r"^failed request: .*ERR_ABORTED")
# The browser asks for the page's icon when it likes, also after a test has cut the line.
LATE_ICON = re.compile(r"(?=.*/favicon\.)(?=.*ERR_INTERNET_DISCONNECTED)")


class PageFaults:
    """Collects faults of all pages of a browser context, and what they request.

    Attributes
    ----------
    faults : list of str
        Requests to other hosts, failed requests, errors and warnings in the console, uncaught errors.
    requests : list of str
        The addresses that were requested from the host.
    """

    def __init__(self, context: BrowserContext, origin: str, known: re.Pattern | None = None):
        self.origin, self.known = origin, known
        self.faults: list[str] = []
        self.requests: list[str] = []
        self._listeners = {
            "request": self._request,
            "requestfailed": lambda request: self._fault(f"failed request: {request.url}: {request.failure}"),
            "response": self._response,
            "console": self._console,
            "weberror": lambda error: self._fault(f"uncaught error: {error.error}"),
        }
        self.context = context
        for event, listener in self._listeners.items():
            context.on(event, listener)

    def close(self) -> None:
        """Collect no more."""
        for event, listener in self._listeners.items():
            self.context.remove_listener(event, listener)

    def _request(self, request: Request) -> None:
        if request.url.startswith(OWN_SCHEMES):
            return
        self.requests.append(request.url)
        if not request.url.startswith(self.origin):
            self._fault(f"request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._fault(f"response {response.status}: {response.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._fault(f"console {message.type}: {message.text} ({message.location['url']})")

    def _fault(self, text: str) -> None:
        if not any(known.search(text) for known in (LATE_ICON, LEFT, self.known) if known):
            self.faults.append(text)
