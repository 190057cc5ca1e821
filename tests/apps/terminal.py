# SPDX-License-Identifier: Apache-2.0
"""terminal.py STEPS PROGRAM ARGS: run a program on a terminal of its own. STEPS are pairs WAIT=>KEYS divided by `;;`: when the text WAIT has been shown, KEYS are
typed. Prints which texts were seen and how the program ended, not the bytes: how they are divided is up to chance."""
import os, pty, select, signal, sys, time

steps = [s.split("=>") for s in sys.argv[1].split(";;")]
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM="vt100", LINES="24", COLUMNS="80")
    os.execvp(sys.argv[2], sys.argv[2:])
shown, end = b"", time.monotonic() + 30
while True:
    if steps and steps[0][0].encode() in shown:
        print("seen:", steps[0][0])
        shown = b""
        os.write(fd, steps.pop(0)[1].encode().decode("unicode_escape").encode())
    if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
        print("nothing more; never seen:", steps, "the last shown:", shown[-200:])
        os.kill(pid, signal.SIGKILL)
        break
    try:
        data = os.read(fd, 65536)
    except OSError: # the other side is closed
        break
    if not data:
        break
    shown += data
print("left:", steps, "status:", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
