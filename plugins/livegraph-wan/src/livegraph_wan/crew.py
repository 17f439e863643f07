"""The processes that follow: started, told, watched, and ended with this one.

Each is a Python of its own that loads the same model, on a GPU of its own. Words go to it through its standard input,
numbers between all ranks by NCCL, or by gloo on CPUs. The pipe is also what ties it to its leader: once the leader is
gone, however that came about, the pipe is at its end, and so is the follower. Nothing listens on a network address but
gloo's own connections, on the loopback.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch

from livegraph import DeviceMemoryError, InputError, NodeError
from livegraph_wan.load import Loaded, Wanted, load
from livegraph_wan.parallel import LeadingStream, Ring, Strengths, Word

TIMEOUT = timedelta(minutes=2)
"""How long a rank waits for another that is alive: longer than two of them compile."""
MEETING = timedelta(seconds=20)
"""How long ranks that have loaded may take to find each other."""
READY = b"."
"""What a follower says once its model is loaded."""
MEET = "meet"
"""What it is told once all have; loading takes each as long as it takes."""
ENDING_S = 5.0
DYING_S = 3.0
"""How long a process that has broken its connection may take to be gone."""

log = logging.getLogger("livegraph.wan")


class Orders(NamedTuple):
    """All that a follower is told to begin with."""

    wanted: Wanted
    backend: str
    rank: int
    size: int
    store: str
    """The file by which ranks find each other."""
    threads: int
    """For torch on a CPU."""


def ranks_for(backend: str, asked: int) -> int:
    """How many processes share a model: as many as asked for, or (0) as there are GPUs. `InputError` for what this
    machine or backend cannot do.
    """
    if backend not in ("torch-cuda", "torch-cpu"):
        raise InputError(f"topology: distributed works with torch-cuda and torch-cpu, not with {backend}")
    if backend == "torch-cuda" and not torch.distributed.is_nccl_available():
        raise InputError("topology: distributed wants NCCL on GPUs, and this torch is built without it")
    there = torch.cuda.device_count() if backend == "torch-cuda" else None
    if there is not None and asked > there:
        raise InputError(f"world_size {asked}: there {'is 1 GPU' if there == 1 else f'are {there} GPUs'} here")
    return asked or there or 1


def load_shared(wanted: Wanted, backend: str, ranks: int) -> Loaded:
    """As `load`, with `ranks - 1` (at least one) more processes that compute a share. Raises what `load` does, and
    `NodeError` where a follower does not come so far.
    """
    crew = Crew(wanted, backend, ranks)
    try:
        loaded = load(wanted, device_of(backend, 0), partial(LeadingStream, team=crew))
        crew.join()
    except BaseException:
        crew.close()
        raise
    return Shared(loaded, crew)


def device_of(backend: str, rank: int) -> str:
    """The backend's name with the number of a rank's GPU."""
    return f"{backend}:{rank}" if backend == "torch-cuda" else backend


class Shared(Loaded):
    """What the leader loaded, and those who follow it."""

    def __init__(self, loaded: Loaded, crew: Crew) -> None:
        super().__init__(loaded.stream, loaded.load_vae)
        self._loaded, self._crew = loaded, crew
        self._strengths: dict[Path, float] | None = None

    def set_loras(self, strengths: Mapping[Path, float]) -> None:
        if strengths == self._strengths:
            return
        with self._crew.together():
            self._strengths = dict(strengths)
            self._crew.tell(Strengths(self._strengths))
            self._loaded.set_loras(strengths)

    def close(self) -> None:
        self._crew.close()


class Crew:
    """Rank 0's way to all the others: a `parallel.Team`. For one thread; whoever dies is noticed beside it."""

    def __init__(self, wanted: Wanted, backend: str, ranks: int) -> None:
        self.ring = Ring(0, ranks)
        self.gone = False
        self._backend = backend
        self._folder = TemporaryDirectory(prefix="livegraph-wan-", ignore_cleanup_errors=True)
        self._store = str(Path(self._folder.name) / "store")
        self._mates: list[Mate] = []
        threads = max(1, torch.get_num_threads() // ranks)
        try:
            for rank in range(1, ranks):
                orders = Orders(wanted, backend, rank, ranks, self._store, threads)
                self._mates.append(Mate(orders, Path(self._folder.name)))
        except BaseException:
            self.close()
            raise

    def join(self) -> None:
        """Wait until all have loaded, and meet them."""
        for mate in self._mates:
            mate.await_ready()
        for mate in self._mates:
            threading.Thread(target=self._watch, args=(mate,), daemon=True).start()
        with self.together():
            for mate in self._mates:
                mate.tell(MEET)
            meet(self.ring, self._backend, self._store)

    @contextmanager
    def together(self) -> Iterator[None]:
        """For what is done in step. Where it fails nobody follows any more: they would wait for what does not come."""
        self._check()
        try:
            yield
        except Exception as error:
            lost = self._lost(wait_s=DYING_S)
            self.close()
            if lost is not None:
                raise lost from error
            raise
        self._check()

    def tell(self, word: Word) -> None:
        for mate in self._mates:
            mate.tell(word)

    def close(self) -> None:
        """Nobody follows any more; none is left behind."""
        self.gone = True
        for mate in self._mates:
            mate.dismiss()
        for mate in self._mates:
            mate.end()
        self.ring.abort()
        self._folder.cleanup()

    def _check(self) -> None:
        if (lost := self._lost()) is not None:
            self.close()
            raise lost
        if self.gone:
            raise NodeError("the processes that shared the model were let go after an error")

    def _lost(self, wait_s: float = 0.0) -> NodeError | None:
        """What the death of one of them is told as."""
        if self.gone:
            return None
        return next((mate.loss() for mate in self._mates if mate.has_ended(wait_s / len(self._mates))), None)

    def _watch(self, mate: Mate) -> None:
        """A dead GPU's partners would wait for it for ever, inside a kernel."""
        mate.process.wait()
        if not self.gone:
            self.ring.abort()


class Mate:
    """One follower, from the leader's side."""

    def __init__(self, orders: Orders, folder: Path) -> None:
        self._name = f"process {orders.rank + 1} of {orders.size} ({device_of(orders.backend, orders.rank)})"
        self._said = folder / f"{orders.rank}.log"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, "-m", "livegraph_wan.follower"]
        with self._said.open("wb") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the leader
            )
        with contextlib.suppress(OSError):  # whoever waits for it is told why it ended
            self.tell(orders)

    def tell(self, word: Any) -> None:
        """Raises OSError where it is gone."""
        assert self.process.stdin is not None
        self.process.stdin.write(pickle.dumps(word))
        self.process.stdin.flush()

    def await_ready(self) -> None:
        """Until its model is loaded; raises what kept it from that."""
        assert self.process.stdout is not None
        if self.process.stdout.read(1) != READY:
            self.has_ended(DYING_S)
            raise self.loss()

    def has_ended(self, wait_s: float = 0.0) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(wait_s)
        return self.process.poll() is not None

    def loss(self) -> NodeError:
        """What its death is told as; all that it said goes to the log."""
        said = self._said.read_text(errors="replace").strip()[-10_000:]
        if said:
            log.error("%s said:\n%s", self._name, said)
        last = said.rpartition("\n")[2] or "it said nothing"
        kind = DeviceMemoryError if "OutOfMemoryError" in last else NodeError
        return kind(f"{self._name} ended ({_how(self.process.returncode)}): {last}")

    def dismiss(self) -> None:
        """Say no more, which ends it."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def end(self) -> None:
        """Wait for it, not for long."""
        assert self.process.stdout is not None
        if not self.has_ended(ENDING_S):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def _how(code: int | None) -> str:
    if code is None:
        return "it closed its connection"
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def meet(ring: Ring, backend: str, store: str) -> None:
    """Connect a rank with all others; waits for them. One number goes round, so that what connects late does it now."""
    c10d: Any = torch.distributed  # its stubs lack what is asked for here
    files = c10d.FileStore(store, ring.size)
    files.set_timeout(MEETING)
    if backend == "torch-cuda":
        # by default an operation that takes too long ends the whole process
        os.environ.setdefault("TORCH_NCCL_ASYNC_ERROR_HANDLING", "2")
        options = c10d.ProcessGroupNCCL.Options()
        options._timeout = TIMEOUT
        make, device = c10d.ProcessGroupNCCL, torch.device("cuda", ring.rank)
    else:
        options = c10d.ProcessGroupGloo._Options()
        options._devices = [c10d.ProcessGroupGloo.create_device(hostname="127.0.0.1")]
        options._timeout = MEETING
        make, device = c10d.ProcessGroupGloo, torch.device("cpu")
    try:
        group = make(files, ring.rank, ring.size, options)
        ring.join(group)
        ring.whole(torch.zeros(1, 1, device=device), 1)
    except RuntimeError as error:
        raise NodeError(f"the processes that share the model do not find each other: {error}") from error
    if backend != "torch-cuda":
        group.set_timeout(TIMEOUT)
