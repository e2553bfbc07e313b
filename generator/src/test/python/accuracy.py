"""Checks the records of AccuracyRecords (standard input) against MPFR at 200 bits. Needs gmpy2.

    java -cp CLASSES io.detinit.generator.internal.AccuracyRecords BLOCKS | python accuracy.py

Every weight must be the real number std * sqrt(-2 ln u1) * cos(2 pi u2) rounded once, half to even: float64, and float32 by both
kernels. Prints a line for each wrong value and a summary; the exit code is 1 if there was one.
"""

import math
import struct
import sys

import gmpy2

RECORD = struct.Struct(">QQddff")
ZERO_OF_COS = (1 << 51, 3 << 51)
ONE = 1 << 53


def main():
    wide = gmpy2.context(precision=200, emax=10**6, emin=-10**6)
    single, double = gmpy2.ieee(32), gmpy2.ieee(64)
    two_pi = wide.mul(2, wide.const_pi())
    unit = gmpy2.mpfr(2) ** -53
    count = wrong = zeros = subnormal = 0
    read = sys.stdin.buffer.read
    while block := read(RECORD.size * 4096):
        for bits0, bits1, std, as_double, scalar, vector in RECORD.iter_unpack(block):
            k1, k2 = (bits0 >> 11) + 1, bits1 >> 11
            count += 1
            if k1 == ONE or k2 in ZERO_OF_COS:
                zeros += 1
                exact32 = exact64 = 0.0
            else:
                radius = wide.sqrt(wide.mul(-2, wide.log(wide.mul(k1, unit))))
                cosine = wide.cos(wide.mul(two_pi, wide.mul(k2, unit)))
                value = wide.mul(wide.mul(radius, cosine), std)
                exact32, exact64 = float(single.plus(value)), float(double.plus(value))
                subnormal += abs(exact32) < 2.0 ** -126
            for name, found, exact in (("float64", as_double, exact64), ("scalar", scalar, exact32), ("vector", vector, exact32)):
                if found != exact or math.copysign(1, found) != math.copysign(1, exact):
                    wrong += 1
                    print(f"wrong {name}: words {bits0:016x} {bits1:016x} std {std.hex()}: {found.hex()} for {exact.hex()}")
    print(f"{count} points ({zeros} zeros, {subnormal} subnormal or underflowing in float32): {wrong} wrong values")
    sys.exit(wrong != 0)


main()
