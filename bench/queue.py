"""The queue alone: messages whose work is a sleep of 200 ms, by 1, 4, 16 and 64 slots.

    python -m bench.queue

At most four processes; slots are their threads. Linear would be slots / 0.2 s; what is over is the
queue's. Needs no database and no model; Redis is a fresh one of this machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
import uuid

from bench.servers import RedisServer
from mammothbox.records import Digest
from mammothbox.workers.queue import Queue

SLEEP_S = 0.2
SLOTS = (1, 4, 16, 64)


def serve(url: str, library: str, threads: int) -> None:
    """Take messages until standard input ends."""
    queue = Queue(url, library)
    worker = queue.worker(["look"], threads, lambda stage, digests: time.sleep(SLEEP_S))
    worker.start()
    print("ready", flush=True)
    sys.stdin.read()
    worker.stop(timeout=5_000)


def measure(url: str, slots: int, each: int) -> dict[str, float]:
    """Seconds for `each` messages a slot, and how that compares with a line."""
    library = uuid.uuid4().hex
    processes = min(4, slots)
    command = [sys.executable, "-m", "bench.queue", "--serve", url, library]
    crew = [
        subprocess.Popen(
            [*command, str(slots // processes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for one in crew:
        assert one.stdout is not None
        one.stdout.readline()
    queue, total = Queue(url, library), slots * each
    begin = time.perf_counter()
    putting = threading.Thread(
        target=lambda: queue.put("look", ([Digest(f"{n:064x}")] for n in range(total)))
    )
    putting.start()
    putting.join()
    put = time.perf_counter() - begin
    while queue.unfinished("look"):
        time.sleep(0.01)
    seconds = time.perf_counter() - begin
    for one in crew:
        one.communicate("", timeout=30)
    ideal = each * SLEEP_S
    return {
        "slots": slots,
        "seconds": round(seconds, 2),
        "of_linear": round(ideal / seconds, 3),
        "overhead_ms_a_file": round((seconds - ideal) * 1000 / total, 2),
        "put_ms_a_file": round(put * 1000 / total, 2),
    }


def main() -> None:
    """Measure and print a line of JSON for each number of slots."""
    parser = argparse.ArgumentParser(description="Measure the queue alone.")
    parser.add_argument("--serve", nargs=3, metavar=("URL", "LIBRARY", "THREADS"))
    parser.add_argument("--each", type=int, default=50, help="messages a slot")
    parser.add_argument("--slots", type=int, nargs="+", default=list(SLOTS))
    options = parser.parse_args()
    if options.serve:
        url, library, threads = options.serve
        serve(url, library, int(threads))
        return
    with RedisServer("everysec") as redis:
        for slots in options.slots:
            print(json.dumps(measure(redis.url(), slots, options.each)), flush=True)


if __name__ == "__main__":
    main()
