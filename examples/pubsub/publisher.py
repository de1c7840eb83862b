"""Publishes the weather, to Go or Python.

    pip install zerorpc
    python3 publisher.py [ENDPOINT]
"""
import itertools
import sys
import time

import zerorpc

if __name__ == "__main__":
    publisher = zerorpc.Publisher()
    publisher.bind(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:4243")
    for n, city in enumerate(itertools.cycle(["Paris", "Berlin", "Chicago"])):
        publisher.weather(city, 15 + n)
        time.sleep(1)
