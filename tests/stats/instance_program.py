"""A tracked program that counts until somebody ends it, or for so many commits; its first line says that it counts."""

import sys
import threading

import dattss

dattss.process(sys.argv[1], interval=0.2).agg("x", "1c")
print("counting", flush=True)
threading.Event().wait()
