"""Prints the weather, be the publisher Go or Python.

    pip install zerorpc
    python3 subscriber.py [ENDPOINT]
"""
import sys

import zerorpc


class Weather(object):
    def weather(self, city, degrees):
        print(city, degrees, flush=True)


if __name__ == "__main__":
    subscriber = zerorpc.Subscriber(Weather())
    subscriber.connect(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:4243")
    subscriber.run()
