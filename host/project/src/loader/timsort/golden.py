"""Prints golden.txt: orders that CPython's sort (3.11 to 3.12) gives for pseudo-random comparisons."""

import hashlib

MASK = (1 << 64) - 1


def mix(x):
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


class Item:
    def __init__(self, number, mode, seed):
        self.number, self.mode, self.hash = number, mode, mix(seed * 1000003 + number)

    def __lt__(self, other):
        x, y, a, b = self.number, other.number, self.hash, other.hash
        if self.mode == 0:
            return a < b
        if self.mode == 1:
            return a % 8 < b % 8
        if self.mode == 2:
            return x > y if mix(a ^ b) % 8 == 0 else x < y
        if self.mode == 3:
            return mix((a * 3 + b) & MASK) % 2 == 1
        return a < b if mix(a ^ b) % 16 == 0 else x * 7 % 97 < y * 7 % 97


for mode in range(5):
    for length in (0, 1, 2, 3, 5, 17, 63, 64, 65, 100, 200, 333, 1000, 2500):
        for seed in range(3):
            order = sorted(Item(number, mode, seed) for number in range(length))
            text = ",".join(str(item.number) for item in order)
            print(mode, length, seed, hashlib.sha256(text.encode()).hexdigest()[:16])
