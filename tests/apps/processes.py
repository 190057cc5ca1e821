# SPDX-License-Identifier: Apache-2.0
"""Threads, processes and subprocesses, as Python's library makes them."""
import multiprocessing, os, queue, signal, subprocess, threading
from concurrent.futures import ThreadPoolExecutor


def square(n):
    return n * n


def worker(q, lock, value):
    with lock:
        value.value += 1
    q.put(value.value > 0)


def threads():
    total, lock, q = [0], threading.Lock(), queue.Queue()

    def add(n):
        for _ in range(200):
            with lock:
                total[0] += n
        q.put(n)

    all_threads = [threading.Thread(target=add, args=(i,)) for i in range(20)]
    for t in all_threads:
        t.start()
    for t in all_threads:
        t.join()
    print(total[0], sorted(q.get() for _ in all_threads))
    with ThreadPoolExecutor(8) as pool:
        print(sum(pool.map(square, range(500))))
    print(threading.Event().wait(0.02), threading.active_count())


def processes():
    for method in "fork", "spawn":
        ctx = multiprocessing.get_context(method)
        q, lock, value = ctx.Queue(), ctx.Lock(), ctx.Value("i", 0)
        kids = [ctx.Process(target=worker, args=(q, lock, value)) for _ in range(3)]
        for k in kids:
            k.start()
        print(method, [q.get() for _ in kids], [k.join() or k.exitcode for k in kids], value.value)
    with multiprocessing.get_context("fork").Pool(4) as pool:
        print(sum(pool.map(square, range(1000), chunksize=50)))
    ours, theirs = multiprocessing.Pipe()
    pid = os.fork()
    if pid == 0:
        theirs.send({"from": "a child", "list": list(range(5))})
        os._exit(3)
    print(ours.recv(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def subprocesses():
    r = subprocess.run(["tr", "a-z", "A-Z"], input=b"through a pipe\n", capture_output=True)
    print(r.returncode, r.stdout, r.stderr)
    print(subprocess.run("exit 7", shell=True).returncode, subprocess.run(["sh", "-c", "kill -9 $$"]).returncode)
    first = subprocess.Popen(["seq", "1000"], stdout=subprocess.PIPE)
    second = subprocess.Popen(["wc", "-l"], stdin=first.stdout, stdout=subprocess.PIPE)
    first.stdout.close()
    print(second.communicate()[0].strip(), first.wait())
    try:
        subprocess.run(["/nowhere/program"])
    except FileNotFoundError as e:
        print("not found:", e.filename)
    try:
        subprocess.run(["sleep", "10"], timeout=0.05)
    except subprocess.TimeoutExpired:
        print("timed out")
    p = subprocess.Popen(["sleep", "10"], start_new_session=True)
    os.killpg(p.pid, signal.SIGTERM)
    print(p.wait())


if __name__ == "__main__":
    threads()
    processes()
    subprocesses()
