"""Counts down, one line at a time."""

import sys
import time


def start() -> int:
    """The number to count from: start=N among the arguments, else 5."""
    for argument in sys.argv[1:]:
        name, _, value = argument.partition("=")
        if name == "start" and value.isdigit():
            return min(int(value), 60)
    return 5


for number in range(start(), 0, -1):
    print(f"{number} ...", flush=True)
    time.sleep(0.3)
print("\033[1;32mDone!\033[0m", flush=True)
