"""Ctrl-C that waits for a good moment."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class DeferredInterrupt:
    """A context in which the first Ctrl-C is only noted; the second one interrupts at once.

    Attributes
    ----------
    pending : bool
        Whether there was one. If nobody has acted on it by the end of the context, it interrupts there.
    """

    def __init__(self):
        self.pending = False
        self._before = None

    def __enter__(self) -> DeferredInterrupt:
        self.pending = False
        if threading.current_thread() is threading.main_thread():  # no other may
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
        if self.pending and kind is None:
            raise KeyboardInterrupt

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self.pending = True
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
