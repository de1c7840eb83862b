"""Reads the counter's streams, be the service Go or Python.

    pip install zerorpc
    python3 client.py [ENDPOINT]
"""
import sys

import zerorpc

if __name__ == "__main__":
    client = zerorpc.Client()
    client.connect(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:4242")
    for n in client.streaming_range(0, 10, 2):
        print(n)
    try:
        for n in client.countdown(2):
            print(n)
    except zerorpc.RemoteError as e:
        print("the service failed:", e.name, e.msg)
    client.close()
