"""What the programs do on a terminal: the progress bar, and how dmlcsr-parse ends when interrupted.

usage: terminal.py bar|interrupt PARSE FOLDER PICTURE...      the pictures are copies of one, with names of their own
       terminal.py evaluate|train PROGRAM ARGUMENT...         eight pictures; three epochs of two steps
"""
import fcntl
import os
import pty
import signal
import struct
import sys
import termios


def on_terminal(command, kind="xterm", seen=None, columns=None):
    """Runs a command whose messages go to a terminal. Returns these and its wait status. `seen` gets the messages so
    far and the process. `columns`: width of the terminal, else unknown."""
    child, terminal = pty.fork()
    if child == 0:
        if columns:
            fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.environ["TERM"] = kind
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execv(command[0], command)
    messages = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other side is closed
            piece = b""
        if not piece:
            break
        messages += piece
        if seen:
            seen(messages, child)
    status = os.waitpid(child, 0)[1]
    os.close(terminal)
    return messages, status


def bar(parse, folder, *pictures):
    pictures = list(pictures)
    command = [parse, "--json"]
    messages, status = on_terminal(command + pictures)
    assert status == 0, status
    assert messages.startswith(b"\r["), messages
    for done, picture in enumerate(pictures):
        assert b"%d/%d" % (done, len(pictures)) in messages, (done, messages)
        assert os.path.basename(picture)[-20:].encode() in messages, (picture, messages)
    assert messages.endswith(b"\r\x1b[K"), messages  # taken away at the end
    assert b"\n" not in messages, messages           # and never more than a line
    for quiet, what in (
        (on_terminal(command + pictures[:1]), "one picture"),
        (on_terminal(command + pictures, kind="dumb"), "a terminal that cannot move its cursor"),
        (on_terminal(command + ["-q"] + pictures), "--quiet"),
    ):
        assert quiet == (b"", 0), (what, quiet)


def interrupt(parse, folder, *pictures):
    for number in signal.SIGINT, signal.SIGTERM:
        out = os.path.join(folder, number.name)
        sent = []

        def seen(messages, child):
            if b"1/" in messages and not sent:  # the second picture is at work
                os.kill(child, number)
                sent.append(child)

        messages, status = on_terminal([parse, "--size", "473", "--label", out, *pictures], seen=seen)
        assert sent, messages
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == number, status
        assert messages.endswith(b"\r\x1b[K"), messages
        left = os.listdir(out)
        assert 1 <= len(left) < len(pictures), left
        assert all(name.endswith("-label.png") for name in left), left  # no temporary file


def evaluate(program, *arguments):
    messages, status = on_terminal([program, *arguments])
    assert status == 0, status
    assert b"/8" in messages and b"pictures/s" in messages and messages.endswith(b"\r\x1b[K"), messages


def train(program, *arguments):
    """The bar is as wide as the terminal: rate, time left, loss."""
    def lines(columns):
        messages, status = on_terminal([program, *arguments], columns=columns)
        assert status == 0 and messages.endswith(b"\r\x1b[K"), messages
        return [line.decode() for line in messages.replace(b"\x1b[K", b"").split(b"\r")]

    wide = [line for line in lines(200) if "epoch" in line]
    assert wide and all("/2 " in line for line in wide), wide
    for word in "epoch 1/3", "to go", "pictures/s", "loss", "rate", "Lovasz", "edges", "attention":
        assert any(word in line for line in wide), (word, wide)
    narrow = lines(50)
    assert max(map(len, narrow)) == 49 and any("epoch 1/3" in line for line in narrow), narrow


{"bar": bar, "interrupt": interrupt, "evaluate": evaluate, "train": train}[sys.argv[1]](*sys.argv[2:])
