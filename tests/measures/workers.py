"""Processes and threads that begin at one moment, each thread with a connection of its own.

Processes are spawned, not forked, so nothing is shared with them but the database, and each can be killed like a real one.
"""

import multiprocessing
import os
import pickle
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from config.runtime.logins import Login

A = TypeVar("A")
R = TypeVar("R")
PROCESSES = 4
# Long enough for the slowest full measure: it ends a hang, it times nothing.
PATIENCE = 3600.0
START = 600.0
_spawn = multiprocessing.get_context("spawn")


class WorkerError(RuntimeError):
    """A worker process failed, ended without an answer, or gave none in time. The text is its own traceback where it has one."""


class Crew:
    """Worker processes under way. Each does `work` on its share of the arguments, one thread for each argument."""

    def __init__(self, work: Callable[[A], Any], arguments: Sequence[A], *, login: Login, processes: int = PROCESSES) -> None:
        shares = [share for number in range(processes) if (share := list(enumerate(arguments))[number::processes])]
        self._barrier = _spawn.Barrier(len(shares) + 1)
        self._pipes: list[Connection] = []
        self.processes: list[BaseProcess] = []
        for share in shares:
            ours, theirs = _spawn.Pipe(duplex=False)
            task = pickle.dumps((work, share))
            process = _spawn.Process(target=_run, args=(login, task, self._barrier, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self.processes.append(process)

    def start(self) -> None:
        """Wait until every process has its threads and connections ready, then let them all begin."""
        try:
            self._barrier.wait(START)
        except threading.BrokenBarrierError:
            raise WorkerError(self._why_not_ready()) from None

    def _why_not_ready(self) -> str:
        """Return what the worker said that kept the others waiting, rather than what these say of waiting."""
        said = []
        for pipe in self._pipes:
            try:
                _answer_of(pipe) if pipe.poll(1) else said.append("A worker did not get ready.")
            except WorkerError as error:
                said.append(str(error))
        return min(said, key=lambda text: "BrokenBarrierError" in text)

    def results(self) -> list[Any]:
        """Return what `work` returned, in the order of the arguments. Raises WorkerError where a worker failed."""
        try:
            answers = self._answers(PATIENCE)
        finally:
            self.end()
        return [result for _, result in sorted(answers, key=lambda answer: answer[0])]

    def end(self) -> None:
        """Kill what still runs."""
        for process in self.processes:
            if process.is_alive():
                process.kill()
            process.join()

    def _answers(self, patience: float) -> list[tuple[int, Any]]:
        answers: list[tuple[int, Any]] = []
        waiting, end = list(self._pipes), time.monotonic() + patience
        while waiting:
            ready = wait(waiting, timeout=max(0.0, end - time.monotonic()))
            if not ready:
                raise WorkerError("A worker gave no answer in time.")
            for pipe in ready:
                assert isinstance(pipe, Connection)
                waiting.remove(pipe)
                answers += _answer_of(pipe)
        return answers


def at_once(work: Callable[[A], R], arguments: Sequence[A], *, login: Login, processes: int = PROCESSES) -> list[R]:
    """Do `work` once for each argument, all beginning at the same moment, and return what it returned, in their order.

    `work` is a function at the top of its module; arguments and answers can be pickled. Django stands on `login` there.
    """
    crew = Crew(work, arguments, login=login, processes=processes)
    try:
        crew.start()
        return crew.results()
    finally:
        crew.end()


def _answer_of(pipe: Connection) -> list[tuple[int, Any]]:
    try:
        failed, answer = pickle.loads(pipe.recv_bytes())
    except EOFError:
        raise WorkerError("A worker ended without an answer.") from None
    if failed:
        raise WorkerError(answer)
    assert isinstance(answer, list)
    return answer


def _run(login: Login, task: bytes, barrier: threading.Barrier, pipe: Connection) -> None:
    """Be a worker: set Django up first, for the work may import models. Whatever goes wrong is told to the parent."""
    try:
        set_up(login)
        work, share = pickle.loads(task)
        answer: tuple[bool, Any] = (False, _threads(work, share, barrier))
    except BaseException:  # also what ends a process on purpose: the parent must hear of it
        barrier.abort()
        answer = (True, traceback.format_exc())
    pipe.send_bytes(pickle.dumps(answer))
    pipe.close()


def set_up(login: Login) -> None:
    """Let this process stand on `login`, as the app does."""
    os.environ["DATABASE_URL"] = login.url()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from core import walls
    from tests import doorbell

    walls.open_by_default()
    doorbell.muffle()
    # Threads of one process take turns oftener than by default, so that their statements interleave.
    sys.setswitchinterval(0.001)


def _threads(work: Callable[[Any], Any], share: list[tuple[int, Any]], barrier: threading.Barrier) -> list[tuple[int, Any]]:
    from django.db import connection

    def with_the_others() -> None:
        barrier.wait(START)

    inner = threading.Barrier(len(share), action=with_the_others)

    def one(argument: tuple[int, Any]) -> tuple[int, Any]:
        try:
            _get_ready(inner)
            return argument[0], work(argument[1])
        finally:
            connection.close()

    with ThreadPoolExecutor(len(share)) as pool:
        return list(pool.map(one, share))


def _get_ready(inner: threading.Barrier) -> None:
    from django.db import connection

    try:
        connection.ensure_connection()
    except BaseException:
        inner.abort()
        raise
    inner.wait(START)
