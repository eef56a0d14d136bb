"""Scrapy's process of one command: started once, quiet, and ended by our own handling of signals.

Promises: Scrapy's and Twisted's log stay out of ours and the process-wide logging is as before afterwards;
SIGINT and SIGTERM go to the caller, and are Python's own again when this returns. Never does: run twice in
one process (Twisted's reactor cannot be started again).
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, cast

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

#: Scrapy and Twisted print a traceback for a refused connection; what matters is in our reports, and bugs
#: in callbacks are logged by `SourceSpider.callback_failed`.
_CHATTY = ("scrapy", "twisted")

Work = Callable[[AsyncCrawlerProcess], Coroutine[Any, Any, None]]
OnSignal = Callable[[AsyncCrawlerProcess, "asyncio.Task[None]", signal.Signals], None]


def run_process(work: Work, *, on_signal: OnSignal) -> None:
    """Run `work` to its end, which a signal may bring about; raises what it raised, unless it was cancelled.

    `on_signal` is told the process, the task that runs `work`, and the signal.
    """
    with _quiet_logging():
        process = AsyncCrawlerProcess(Settings({"LOG_INSTALL_ROOT_HANDLER": False}))
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        logging.disable(logging.NOTSET)
        loop = asyncio.get_event_loop()
        task = loop.create_task(_run_and_stop(work, process))
        # Ours instead of Scrapy's: those stay installed and would swallow Ctrl-C in the later stages.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, on_signal, process, task, number)
        try:
            process.start(stop_after_crawl=False, install_signal_handlers=False)
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
    if task.done() and not task.cancelled() and (error := task.exception()):
        raise error


async def _run_and_stop(work: Work, process: AsyncCrawlerProcess) -> None:
    from twisted.internet import reactor

    try:
        await work(process)
    finally:
        # A task of its own: the reactor may be stopped only after this coroutine has ended.
        asyncio.get_event_loop().call_soon(cast(Any, reactor).stop)


@contextmanager
def _quiet_logging() -> Iterator[None]:
    """Keep Scrapy's own log out of ours, and undo what it does to the process-wide logging."""
    levels = {name: logging.getLogger(name).level for name in _CHATTY}
    # Scrapy resets its loggers and then lists its versions, so that a level set before does not last.
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        logging.captureWarnings(False)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
