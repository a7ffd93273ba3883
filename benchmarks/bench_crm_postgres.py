"""How fast the world on PostgreSQL is: graded episodes on leased slots, by number of connections; loading apart.

The server is an embedded one at stock durability, unless ATLAS_POSTGRES_URL names another. Rates are by the wall clock,
because two sides work: our processes and the server's. Connections are shared out over two of our processes.

Run: ``make bench ARGS=crm_postgres``, or ``python benchmarks/bench_crm_postgres.py``.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Barrier

from bench_crm_memory import CALLS_PER_EPISODE, Mix, draw_case, open_world, play, succeed
from company import build_company
from harness import REPEATS, describe_machine, report

from atlas.crm.memory import FrozenBase
from atlas.crm.postgres import PostgresSessions
from atlas.crm.records import ToolCall
from atlas.crm.sessions import session
from atlas.settings.environment import read_environment
from atlas.storage.connect import PostgresSettings, database_url
from atlas.storage.databases import CRM_DATABASE, connect
from atlas.storage.pool import open_pool

RECORDS = 1_000
EPISODES = 480  # of one run, over all connections
MIXES = 20  # episodes of mixed calls of one run
SEARCHES = 300  # for parts of names, of one run
CONNECTIONS = (1, 2, 4, 16, 64)
SLOTS = 64
PROCESSES = 2
SINGLE_TARGET = 250  # episodes/s on one connection, from the design page
SCALING_TARGET = 1.7  # times that at 16 connections on two cores, from the design page
PATIENCE_S = 300.0


def main() -> None:
    """Measure and print everything."""
    print(f"{describe_machine()}; wall-clock time, median of {REPEATS} runs, vacuum before each")
    settings = PostgresSettings.from_environment(read_environment())
    with database_url(settings.url, CRM_DATABASE, directory=settings.directory) as url:
        with connect(url) as connection:
            version = connection.execute("SELECT current_setting('server_version')").fetchone()
            print(f"PostgreSQL {version[0] if version else '?'}, {'embedded' if settings.url is None else 'named'}\n")
        base = build_company(RECORDS)
        print_loading(url, base)
        print_calls(url, base)
        print_episodes(url)


def print_loading(url: str, base: FrozenBase) -> None:
    """Measure how long it takes to load a company and to copy it into slots."""
    with open_pool(url) as pool:
        sessions = PostgresSessions(pool, slots=SLOTS)
        began = time.perf_counter()
        sessions.load(base, slots=1)
        first = time.perf_counter() - began
        began = time.perf_counter()
        sessions.load(base, slots=SLOTS)
        rest = time.perf_counter() - began
    report(
        f"load {RECORDS:,} records",
        f"{first:.2f} s",
        "-",
        reached=None,
        how="once: tables made, rows streamed in, n = 1",
    )
    report(
        f"copy them into {SLOTS - 1} more slots",
        f"{rest:.2f} s",
        "-",
        reached=None,
        how=f"{rest / (SLOTS - 1) * 1000:.0f} ms a slot, n = 1",
    )


def print_calls(url: str, base: FrozenBase) -> None:
    """Measure tool calls on one connection: the mix of the benchmark in memory, and searches for parts of names."""
    mix = Mix(base, 1)
    drawn = [[mix.draw() for _ in range(CALLS_PER_EPISODE)] for _ in range(MIXES)]
    rng = random.Random(3)
    needles = [str(rng.randrange(1_000)) for _ in range(SEARCHES)]
    with open_pool(url) as pool:
        sessions = PostgresSessions(pool, slots=SLOTS)

        def call_the_mix() -> int:
            for number, calls in enumerate(drawn):
                with session(sessions, base) as store:
                    world = open_world(store, number)
                    for call in calls:
                        succeed(world, call)
            return MIXES * CALLS_PER_EPISODE

        def search() -> int:
            with session(sessions, base) as store:
                world = open_world(store, 0)
                for needle in needles:
                    succeed(world, ToolCall("opportunity_search", {"name": needle, "limit": 10}))
            return SEARCHES

        mixed, searched = rates_of(url, call_the_mix), rates_of(url, search)
    how = f"one connection, {MIXES} episodes of {CALLS_PER_EPISODE} calls; runs {spread(mixed)}"
    report("tool calls/s", f"{statistics.median(mixed):,.0f}", "-", reached=None, how=how)
    how = f"one connection, {SEARCHES} searches; runs {spread(searched)}"
    report("contains searches/s", f"{statistics.median(searched):,.0f}", "-", reached=None, how=how)


def print_episodes(url: str) -> None:
    """Measure graded episodes over more and more connections at once."""
    single = 0.0
    for connections in CONNECTIONS:
        rates = measure_episodes(url, connections)
        rate = statistics.median(rates)
        single = single or rate
        wanted = {1: SINGLE_TARGET, 16: single * SCALING_TARGET}.get(connections)
        report(
            f"graded episodes/s, {connections} connection{'s' if connections > 1 else ''}",
            f"{rate:,.0f}",
            "-" if wanted is None else f">= {wanted:,.0f}",
            reached=None if wanted is None else rate >= wanted,
            how=f"{rate / single:.2f} times one connection; {EPISODES} episodes (lease, world, 5 calls, respond, diff, "
            f"verdict, rollback) a run; runs {spread(rates)}",
        )


def measure_episodes(url: str, connections: int) -> Sequence[float]:
    """Return episodes per second of several runs over so many connections at once, each episode on its own slot."""
    processes = min(PROCESSES, connections)
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(processes + 1)
    crew = [
        context.Process(target=work, args=(url, connections // processes, EPISODES // processes, gate))
        for _ in range(processes)
    ]
    for member in crew:
        member.start()
    rates: list[float] = []
    for _ in range(REPEATS):
        vacuum(url)
        gate.wait(PATIENCE_S)
        began = time.perf_counter()
        gate.wait(PATIENCE_S)
        rates.append(EPISODES / (time.perf_counter() - began))
    for member in crew:
        member.join()
        if member.exitcode:
            raise RuntimeError(f"a process ended with exit code {member.exitcode}")
    return rates


def work(url: str, connections: int, episodes: int, gate: Barrier) -> None:
    """Play the episodes of one process, run by run, as the gate opens; every one has to be a strict success."""
    base = build_company(RECORDS)
    cases = [draw_case(base, number) for number in range(episodes)]
    with open_pool(url, min_size=connections, max_size=connections) as pool:
        sessions = PostgresSessions(pool, slots=SLOTS)

        def play_case(number: int) -> bool:
            case, calls = cases[number]
            with session(sessions, base) as store:
                return play(store, number, case.goal, calls)

        with ThreadPoolExecutor(connections) as threads:
            list(threads.map(play_case, range(connections)))  # connections opened, statements prepared
            for _ in range(REPEATS):
                gate.wait(PATIENCE_S)
                if not all(threads.map(play_case, range(episodes))):
                    raise RuntimeError("an episode is no strict success")
                gate.wait(PATIENCE_S)


def rates_of(url: str, work: Callable[[], int]) -> Sequence[float]:
    """Return the rates of several runs of ``work``, which tells how many things it did; a first run is not kept."""
    rates: list[float] = []
    for _ in range(REPEATS + 1):
        vacuum(url)
        began = time.perf_counter()
        units = work()
        rates.append(units / (time.perf_counter() - began))
    return rates[1:]


def spread(rates: Sequence[float]) -> str:
    """Return the slowest and the fastest run."""
    return f"{min(rates):,.0f} to {max(rates):,.0f}"


def vacuum(url: str) -> None:
    """Clear away what rolled-back episodes have left in the files."""
    with connect(url) as connection:
        connection.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main()
