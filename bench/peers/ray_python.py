"""The loops of manta_bench with Ray's Python: same payloads, same batch sizes, num_cpus=2.

ray_python.py [--smoke] [LOOP...]    prints `ray_python LOOP VALUE` per loop, in the unit of manta_bench:
operations per second, ms, us, MB, %; the puts of 800 MiB as a share of a copy by two threads, and of populating.
Floor: none of its own; manta_bench prints them.
"""
import os
import signal
import sys
import threading
import time

import numpy as np
import ray

SMOKE = "--smoke" in sys.argv
WANTED = [word for word in sys.argv[1:] if not word.startswith("--")]
ACTOR_CPUS = 0
loops = []


def loop(function):
    loops.append(function)
    return function


def count(full, smoke):
    return smoke if SMOKE else full


def seconds_per_round(function, least=1.0, tries=3):
    """The best of some tries, each at least so long; the first run warms up."""
    if SMOKE:
        least, tries = 0, 1
    rounds = 1
    while True:
        began = time.perf_counter()
        for _ in range(rounds):
            function()
        took = time.perf_counter() - began
        if took >= least / 2:
            break
        rounds *= 2
    best = took / rounds
    for _ in range(tries - 1):
        began = time.perf_counter()
        for _ in range(rounds):
            function()
        best = min(best, (time.perf_counter() - began) / rounds)
    return best


def per_second(function, operations=1):
    return operations / seconds_per_round(function)


def milliseconds(function):
    return seconds_per_round(function) * 1e3


@ray.remote
def small_value():
    return b"ok"


@ray.remote
def add_one(x):
    return x + 1


@ray.remote(num_cpus=ACTOR_CPUS)
class Server:
    def small_value(self):
        return b"ok"

    def small_value_arg(self, x):
        return b"ok"

    def submit(self, n):
        ray.get([small_value.remote() for _ in range(n)])

    def call_with_ref(self, servers, n):
        x = ray.put(0)
        ray.get([s.small_value_arg.remote(x) for s in servers for _ in range(n)])


@loop
def get_small():
    ref = ray.put(0)
    return per_second(lambda: ray.get(ref))


@loop
def put_small():
    return per_second(lambda: ray.put(0))


@loop
def put_small_shared():
    return per_second(lambda: ray.put(0))  # all of Ray's puts are in shared memory


@loop
def multi_client_put():
    @ray.remote
    def put_hundred():
        for _ in range(100):
            ray.put(0)

    return per_second(lambda: ray.get([put_hundred.remote() for _ in range(10)]), 1000)


def fastest_copy(source):
    """Bytes per second of a copy by two threads into memory used before."""
    target = np.ones_like(source)
    half = len(source) // 2

    def copy():
        other = threading.Thread(target=lambda: np.copyto(target[:half], source[:half]))
        other.start()
        np.copyto(target[half:], source[half:])
        other.join()

    return source.nbytes / seconds_per_round(copy, least=0)


@loop
def put_800mib_warm():
    source = np.arange(count(100 << 20, 1 << 20), dtype=np.int64)
    ray.put(source)
    rate = source.nbytes / seconds_per_round(lambda: ray.put(source))
    return rate / fastest_copy(source)


@loop
def get_100mib_us():
    ref = ray.put(np.zeros(count(100 << 20, 1 << 20), dtype=np.uint8))
    return seconds_per_round(lambda: ray.get(ref)) * 1e6


@loop
def tasks_sync():
    return per_second(lambda: ray.get(small_value.remote()))


@loop
def tasks_async():
    return per_second(lambda: ray.get([small_value.remote() for _ in range(1000)]), 1000)


@loop
def multi_client_tasks_async():
    n = count(10000, 50)
    clients = [Server.remote() for _ in range(4)]
    return per_second(lambda: ray.get([c.submit.remote(n) for c in clients]), 4 * n)


@loop
def actor_sync():
    server = Server.remote()
    return per_second(lambda: ray.get(server.small_value.remote()))


@loop
def actor_async():
    server = Server.remote()
    return per_second(lambda: ray.get([server.small_value.remote() for _ in range(1000)]), 1000)


@loop
def nn_actor_with_ref():
    n = count(1000, 50)
    pairs = max(1, os.cpu_count() // 2)
    servers = [Server.remote() for _ in range(pairs)]
    clients = [Server.remote() for _ in range(pairs)]
    return per_second(
        lambda: ray.get([c.call_with_ref.remote([s], n) for c, s in zip(clients, servers)]), pairs * n
    )


@loop
def wait_1k():
    def once():
        pending = [small_value.remote() for _ in range(count(1000, 20))]
        fetch = True
        while pending:
            _, pending = ray.wait(pending, fetch_local=fetch)
            fetch = False

    return per_second(once)


@loop
def get_10k_refs():
    @ray.remote
    def make(n):
        return [ray.put(1) for _ in range(n)]

    ref = make.remote(count(10000, 100))
    return per_second(lambda: ray.get(ref))


@loop
def queued_1m_s():
    # From a twentieth: Ray needs nearly ten minutes for a million.
    n = count(50_000, 500)
    return seconds_per_round(lambda: ray.get([small_value.remote() for _ in range(n)]), 0, 1) * 1e6 / n


@loop
def args_10k_ms():
    @ray.remote
    def add(*values):
        return sum(values)

    refs = [ray.put(1) for _ in range(count(10000, 100))]
    return milliseconds(lambda: ray.get(add.remote(*refs)))


@loop
def get_10k_objects_ms():
    refs = [ray.put(1) for _ in range(count(10000, 100))]
    return milliseconds(lambda: ray.get(refs))


@loop
def returns_3k_ms():
    n = count(3000, 30)

    @ray.remote(num_returns=n)
    def ones():
        return tuple([1] * n)

    return milliseconds(lambda: ray.get(ones.remote()))


@loop
def chain_2000():
    n = count(2000, 20)

    def once():
        ref = add_one.remote(0)
        for _ in range(n - 1):
            ref = add_one.remote(ref)
        ray.get(ref)

    return per_second(once, n)


@loop
def actors_process():
    n = count(10, 2)

    def once():
        servers = [Server.remote() for _ in range(n)]
        ray.get([s.small_value.remote() for s in servers])

    return n / seconds_per_round(once, least=0, tries=2)


def workers_of_this_session():
    import psutil

    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or [""]
        if words[0].startswith("ray::"):
            found.append(process)
    return found


@loop
def worker_private_mb():
    ray.get([small_value.remote() for _ in range(10)])
    return min(w.memory_info().rss for w in workers_of_this_session()) / 1e6  # resident, unlike ours


@loop
def killed_worker_retry_ms():
    marker = f"/tmp/ray-peer-{os.getpid()}"

    @ray.remote(max_retries=1)
    def die_at_first(path):
        if not os.path.exists(path):
            open(path, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        os.unlink(path)
        return 2

    return seconds_per_round(lambda: ray.get(die_at_first.remote(marker)), least=0, tries=3) * 1e3


@loop
def idle_cpu_percent():
    import psutil

    session = [p for p in psutil.process_iter(["cmdline"]) if "ray" in " ".join(p.info["cmdline"] or [])]

    def used():
        return sum(sum(p.cpu_times()[:2]) for p in session if p.is_running())

    ray.get(small_value.remote())
    time.sleep(count(3, 0.1))
    before, began = used(), time.perf_counter()
    time.sleep(count(4, 0.1))
    return (used() - before) / (time.perf_counter() - began) * 100


def say(name, value):
    print(f"ray_python {name} {value:.6g}", flush=True)


def start():
    ray.init(
        address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=3 << 30
    )


def lifecycle():
    """init to the first result, and the shutdown."""
    began = time.perf_counter()
    start()
    ray.get(small_value.remote())
    started = time.perf_counter()
    ray.shutdown()
    return (started - began) * 1e3, (time.perf_counter() - started) * 1e3


def main():
    lives = [lifecycle() for _ in range(count(2, 1))]
    for name, value in zip(("init_to_first_ms", "shutdown_ms"), map(min, zip(*lives))):
        if not WANTED or name in WANTED:
            say(name, value)
    start()
    for function in loops:
        if WANTED and function.__name__ not in WANTED:
            continue
        try:
            say(function.__name__, function())
        except Exception as error:  # the others may still run
            print(f"{function.__name__}: {error!r}", file=sys.stderr, flush=True)
    ray.shutdown()


main()
