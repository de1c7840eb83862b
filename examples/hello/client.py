"""Calls the hello service, be it Go or Python.

    pip install zerorpc
    python3 client.py [ENDPOINT]
"""
import sys

import zerorpc

if __name__ == "__main__":
    client = zerorpc.Client()
    client.connect(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:4242")
    print(client.hello("RPC"))
    client.close()
