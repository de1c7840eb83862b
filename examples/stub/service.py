"""The calculator in Python, by zerorpc.

    pip install zerorpc
    python3 service.py [ENDPOINT]
"""
import sys

import zerorpc


class Calculator(object):
    def add(self, a, b):
        """Return the sum of a and b."""
        return a + b

    def divide(self, a, b):
        """Return a / b."""
        return a / b

    @zerorpc.stream
    def squares(self, *numbers):
        """Yield the squares of the numbers."""
        return (n * n for n in numbers)


if __name__ == "__main__":
    server = zerorpc.Server(Calculator())
    server.bind(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:4242")
    server.run()
