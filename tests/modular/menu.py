#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""menu.py COMMAND…: run `make menuconfig`'s program on a terminal, leave out the first call of the first menu, save. Ends with the program's status."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

pid, fd = pty.fork()
if pid == 0:
    os.environ['TERM'] = 'xterm'
    os.execv(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 100, 0, 0))


def settle(patience=20.0):
    """Until the screen has not changed for half a second."""
    seen, end = b'', time.time() + patience
    while time.time() < end:
        ready, _, _ = select.select([fd], [], [], 0.5 if seen else 1)
        if not ready and seen:
            break
        if ready:
            try:
                seen += os.read(fd, 65536)
            except OSError:
                break
    return seen


settle()
for key in (b'\r', b'n', b'\x1b\x1b', b'\x1b\x1b', b'\r'):  # enter the menu, out with it, back, end, yes: save
    os.write(fd, key)
    settle()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
