"""Many workers while they die and their servers crash, beside one process: the same library?

    python -m bench.workers --media DIR --files 2000 --kills 20 --restarts 3

Real weights of `lite`, real commands: one `mammothbox ingest` on SQLite, then `mammothbox ingest`
and four `mammothbox worker` on fresh servers. At random moments a worker gets SIGKILL and another
comes; Redis and PostgreSQL get SIGKILL and SIGQUIT (a crash) and start again. `--describe` is
`none` unless told otherwise: a writer on two cores would make hours of it. Exit code 1 if the
libraries differ.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select

from bench.mixed import build
from bench.processes import MARK, environment, marked, start, still_running
from bench.servers import PostgresServer, RedisServer, create_database
from bench.snapshots import Snapshot, comparable, differences, snapshot
from mammothbox.settings import load_settings
from mammothbox.store import open_store
from mammothbox.store.schema import RESULTS
from mammothbox.workers.following import standing

CREW = 4
LEAST_COSINE = 0.999


class Crew:
    """Workers as processes of the command; they come and go."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self._env, self._log = env, log
        self.all: list[subprocess.Popen[str]] = []

    def hire(self) -> None:
        """One more."""
        with self._log.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "mammothbox", "worker"],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.all.append(process)

    def kill_one(self, chance: random.Random) -> None:
        """SIGKILL for one of those that live."""
        victim = chance.choice([one for one in self.all if one.poll() is None])
        victim.kill()
        victim.wait()

    def dismiss(self) -> list[int]:
        """SIGTERM for all; the exit codes of those that were not killed."""
        living = [one for one in self.all if one.poll() is None]
        for one in living:
            one.send_signal(signal.SIGTERM)
        return [one.wait(120) for one in living]


def alone(folder: Path, library: Path, describe: str) -> float:
    """One process on SQLite; returns seconds."""
    begin = time.perf_counter()
    env = environment({"MAMMOTHBOX_LIBRARY": str(library), "MAMMOTHBOX_DESCRIBE": describe})
    process = start(["ingest", str(folder), "--quiet"], env)
    _, said = process.communicate()
    if process.returncode not in (0, 3):  # 3: some files could not be read
        raise RuntimeError(said[-2000:])
    return time.perf_counter() - begin


def crewed(folder: Path, library: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Four workers, kills and restarts; returns what happened and the library."""
    chance = random.Random(8)
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer("shared_buffers=256MB"))
        redis = stack.enter_context(RedisServer())
        url = create_database(postgres.url("postgres"), "library")
        env = environment(
            {
                "MAMMOTHBOX_LIBRARY": str(library),
                "MAMMOTHBOX_DESCRIBE": options.describe,
                "MAMMOTHBOX_BATCH_FILES": "16",
                "MAMMOTHBOX_THREADS": "1",
                "MAMMOTHBOX_DECODERS": "1",
                "DATABASE_URL": url,
                "REDIS_URL": redis.url(),
            }
        )
        begin = time.perf_counter()
        process = start(["ingest", str(folder), "--quiet"], env)
        crew = Crew(env, options.log)
        stack.callback(lambda: [one.kill() for one in marked(env[MARK])])
        for _ in range(CREW):
            crew.hire()
        reader = threading.Thread(target=process.communicate, daemon=True)
        reader.start()
        told = _trouble(process, crew, (redis, postgres), options, chance)
        reader.join(options.most_s)
        seconds = time.perf_counter() - begin
        queued = _queued(library, url, redis.url())
        codes = crew.dismiss()
        return {
            "seconds": round(seconds, 1),
            "ended": process.poll(),
            **told,
            "queued_at_the_end": queued,
            "exit_codes": codes,
            "left_behind": still_running(env[MARK]),
            "stored_twice": _twice(library, url),
            "library": snapshot(library, url),
        }


def _trouble(
    process: subprocess.Popen[str],
    crew: Crew,
    servers: tuple[RedisServer, PostgresServer],
    options: argparse.Namespace,
    chance: random.Random,
) -> dict[str, int]:
    """Kills and restarts in a random order, as long as the ingest lasts."""
    redis, postgres = servers
    acts = ["kill"] * options.kills + ["redis", "postgres"] * options.restarts
    chance.shuffle(acts)
    told: Counter[str] = Counter()
    time.sleep(10)  # until the first batches are in flight
    for act in acts:
        time.sleep(chance.uniform(0.5, 1.5) * options.pause_s)
        if process.poll() is not None:
            break
        told[act] += 1
        if act == "kill":
            crew.kill_one(chance)
            crew.hire()
        elif act == "redis":
            redis.halt(signal.SIGKILL)
            redis.start()
        else:
            postgres.halt(signal.SIGQUIT)
            postgres.start()
    return {
        "kills": told["kill"],
        "restarts_redis": told["redis"],
        "restarts_postgres": told["postgres"],
    }


def _queued(library: Path, url: str, redis: str) -> int:
    settings = load_settings({}, library=library, database_url=url, redis_url=redis)
    with open_store(library, url=url, write=False) as store:
        return sum(standing(store, settings).queued.values())


def _twice(library: Path, url: str) -> int:
    """Contents that have more than one result of a step."""
    key = (RESULTS.c.digest, RESULTS.c.step)
    more = select(*key).group_by(*key).having(func.count() > 1).subquery()
    with open_store(library, url=url, write=False) as store, store.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(more)) or 0)


def compared(found: Snapshot, wanted: Snapshot) -> dict[str, Any]:
    """How the two libraries differ."""
    same = comparable(found, wanted)
    cosines = [
        float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))
        for key in same
        for a, b in zip(found.vectors[key], wanted.vectors[key], strict=False)
    ]
    both = found.vectors.keys() & wanted.vectors.keys()
    shared = found.outcomes.keys() & wanted.outcomes.keys()
    return {
        "files": len(found.files),
        "results": dict(Counter(outcome for outcome, _ in found.outcomes.values())),
        "differences": differences(found, wanted, words=False),
        "values_in_other_words": sum(found.outcomes[key] != wanted.outcomes[key] for key in shared),
        "vectors": len(cosines),
        "vectors_of_other_words": len(both - same),
        "least_cosine": min(cosines, default=0.0),
    }


def main() -> int:
    """Measure, print one JSON object; 0 when the libraries are the same."""
    parser = argparse.ArgumentParser(description="Workers that die, beside one process.")
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--restarts", type=int, default=3, help="of each server")
    parser.add_argument("--pause-s", type=float, default=12, help="mean pause between two troubles")
    parser.add_argument("--most-s", type=float, default=3_600)
    parser.add_argument("--describe", default="none", choices=("none", "groups", "each"))
    parser.add_argument("--log", type=Path, default=Path(os.devnull), help="what the workers say")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, base = Path(scratch) / "files", Path(scratch)
        build(folder, options.files, options.media)
        seconds = alone(folder, base / "alone", options.describe)
        wanted = snapshot(base / "alone")
        print(json.dumps({"alone_s": round(seconds, 1)}), flush=True)
        told = crewed(folder, base / "shared", options)
        told.update(compared(told.pop("library"), wanted))
        told["differences"] = told["differences"][:20]
    print(json.dumps({"alone_s": round(seconds, 1), **told}, indent=2))
    same = not told["differences"] and told["least_cosine"] >= LEAST_COSINE
    return 0 if same and told["ended"] in (0, 3) and not told["stored_twice"] else 1


if __name__ == "__main__":
    sys.exit(main())
