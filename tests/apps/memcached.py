# SPDX-License-Identifier: Apache-2.0
"""memcached with four threads and several clients at once, by its text protocol over a Unix socket."""
import os, socket, subprocess, sys, threading, time

path = os.path.abspath("s")
argv = ["memcached", "-s", path, "-t", "4", "-m", "16"] + (["-u", "root"] if os.getuid() == 0 else [])
server = subprocess.Popen(argv)


class Client:
    def __init__(self):
        for _ in range(300):
            self.s = socket.socket(socket.AF_UNIX)
            try:
                self.s.connect(path)
                break
            except OSError:
                time.sleep(0.1)
        self.f = self.s.makefile("rb")

    def ask(self, text, lines=1):
        self.s.sendall(text)
        return [self.f.readline().strip().decode() for _ in range(lines)]


c = Client()
print(c.ask(b"set a 5 0 3\r\nabc\r\n"), c.ask(b"get a\r\n", 3), c.ask(b"append a 0 0 2\r\nde\r\n"), c.ask(b"get a\r\n", 3))
print(c.ask(b"add a 0 0 1\r\nx\r\n"), c.ask(b"delete a\r\n"), c.ask(b"get a\r\n"), c.ask(b"bad\r\n"))
print(c.ask(b"set n 0 0 2\r\n40\r\n"), c.ask(b"incr n 2\r\n"), c.ask(b"set e 0 -1 1\r\nx\r\n"), c.ask(b"get e\r\n"))
c.ask(b"set sum 0 0 1\r\n0\r\n")
good = []


def work(i):
    mine, n = Client(), 0
    for k in range(300):
        value = str(i * 1000 + k).encode() * (k % 50 + 1)
        n += mine.ask(b"set k%d 0 0 %d\r\n%s\r\n" % (i, len(value), value)) == ["STORED"]
        n += mine.ask(b"get k%d\r\n" % i, 3)[1] == value.decode()
        mine.ask(b"incr sum 1\r\n")
    good.append(n)


threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print(sum(good), c.ask(b"get sum\r\n", 3)[1])
server.terminate()
print(server.wait())
if os.path.exists("s"):
    os.unlink("s")
