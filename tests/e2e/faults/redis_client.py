"""A client of Redis of some lines, for looking into every node: its answers are bytes, whatever is in them."""

import socket


class RedisError(Exception):
    pass


class RedisClient:
    """One connection to one node, as the user who may do anything. Raises OSError when the node does not answer."""

    def __init__(self, address=None, port=7000, timeout=5.0, unix=None):
        """`unix`: the path of its socket, in place of an address."""
        if unix is None:
            self.socket = socket.create_connection((address, port), timeout=timeout)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
        self.file = self.socket.makefile("rb")
        try:
            if unix is not None:
                self.socket.connect(str(unix))
            self("AUTH", "inspector", "any")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def __call__(self, *words):
        encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded))
        answer = self.read()
        if isinstance(answer, RedisError):
            raise answer
        return answer

    def read(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the node closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if rest == b"-1":
                return None
            data = self.file.read(int(rest) + 2)
            if len(data) != int(rest) + 2:
                raise ConnectionError("the node closed the connection")
            return data[:-2]
        if kind == b"*":
            return [self.read() for _ in range(int(rest))] if rest != b"-1" else None
        raise ConnectionError("this is no answer of Redis")


def ask(address, *words, timeout=2.0):
    """One command; None when the node does not answer it well."""
    try:
        with RedisClient(address, timeout=timeout) as client:
            return client(*words)
    except (OSError, RedisError):
        return None
