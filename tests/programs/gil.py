# SPDX-License-Identifier: MIT
"""Python's threads that compute do not keep its lock from one that waits."""

import os
import threading

TURNS = 8
stop = False


def compute():
    turns = 0
    while not stop:
        turns += 1


def echo(source, sink):
    while os.read(source, 1):
        os.write(sink, b'.')


there, back = os.pipe(), os.pipe()
hogs = [threading.Thread(target=compute) for _ in range(4)]
fifth = threading.Thread(target=echo, args=(there[0], back[1]))
for thread in (*hogs, fifth):
    thread.start()
for _ in range(TURNS):
    os.write(there[1], b'?')
    os.read(back[0], 1)
print(f'right: a fifth thread had {TURNS} turns')
stop = True
os.close(there[1])
for thread in (*hogs, fifth):
    thread.join()
print('right: all end')
