"""The counter service in Python, by zerorpc.

    pip install zerorpc
    python3 service.py [ENDPOINT]
"""
import sys

import zerorpc


class LaunchError(Exception):
    pass


class Counter(object):
    @zerorpc.stream
    def streaming_range(self, fr, to, step):
        """Yield the numbers from fr up to, not including, to."""
        return range(fr, to, step)

    @zerorpc.stream
    def countdown(self, n):
        """Yield n down to 1, and then fail."""
        while n > 0:
            yield n
            n -= 1
        raise LaunchError("no rocket")


if __name__ == "__main__":
    server = zerorpc.Server(Counter())
    server.bind(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:4242")
    server.run()
