"""The hello service in Python, by zerorpc. The Go client calls it as it calls the Go service.

    pip install zerorpc
    python3 service.py [ENDPOINT]
"""
import sys

import zerorpc


class HelloRPC(object):
    def hello(self, name):
        """Say hello to NAME."""
        return "Hello, %s" % name


if __name__ == "__main__":
    server = zerorpc.Server(HelloRPC())
    server.bind(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:4242")
    server.run()
