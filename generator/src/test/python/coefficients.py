"""Computes the polynomial coefficients of FastNormal and FusedFormula, and their errors. Needs mpmath.

    python coefficients.py

Interpolation at Chebyshev nodes, solved with 300 bits and rounded to double; the error is the largest one of the rounded
coefficients on 4001 points, relative to the function. The exit code is 1 if a coefficient is not the one in the Java source.
"""

import pathlib
import sys

import mpmath as mp

mp.mp.prec = 300
MAIN = pathlib.Path(__file__).resolve().parents[2] / "main/java/io/detinit/generator/internal"
S_MAX = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)
# Beyond the largest t, since the mantissas are cut at sqrt(1/2) with a cleared low half
T_MAX_SCALAR = (S_MAX * mp.mpf("1.0001")) ** 2
T_MAX_FUSED = S_MAX**2 * mp.mpf("1.0001")
ALMOST_ZERO = mp.mpf(10) ** -20


def logarithm(t):
    """P in ln((1+s)/(1-s)) = 2s (1 + t P(t)), t = s^2."""
    s = mp.sqrt(t)
    return (mp.log((1 + s) / (1 - s)) / (2 * s) - 1) / t


def sine(y):
    """Q in sin(2 pi x) = x Q(y), y = x^2."""
    x = mp.sqrt(y)
    return mp.sin(2 * mp.pi * x) / x


def interpolate(function, high, degree):
    nodes = [(ALMOST_ZERO + high) / 2 + (high - ALMOST_ZERO) / 2 * mp.cos((2 * k + 1) * mp.pi / (2 * (degree + 1)))
             for k in range(degree + 1)]
    powers = mp.matrix(degree + 1, degree + 1)
    for i, x in enumerate(nodes):
        for j in range(degree + 1):
            powers[i, j] = x**j
    return [float(c) for c in mp.lu_solve(powers, mp.matrix([function(x) for x in nodes]))]


def value(coefficients, x):
    return sum(mp.mpf(c) * x**j for j, c in enumerate(coefficients))


def largest_error(function, whole, coefficients, high):
    points = [ALMOST_ZERO + (high - ALMOST_ZERO) * mp.mpf(k) / 4000 for k in range(4001)]
    return max(abs(whole(value(coefficients, x), x) / whole(function(x), x) - 1) for x in points)


def main():
    missing = 0
    for file, name, function, high, degree, whole in (
        ("FastNormal.java", "ln", logarithm, T_MAX_SCALAR, 6, lambda p, t: 1 + t * p),
        ("FastNormal.java", "sin", sine, mp.mpf(1) / 16, 8, lambda q, y: q),
        ("vector/FusedFormula.java", "ln", logarithm, T_MAX_FUSED, 4, lambda p, t: 1 + t * p),
        ("vector/FusedFormula.java", "sin", sine, mp.mpf(1) / 16, 6, lambda q, y: q),
    ):
        source = (MAIN / file).read_text()
        literals = {float.fromhex(word.strip("-,;()")) for word in source.split() if word.strip("-").startswith("0x1.")}
        coefficients = interpolate(function, high, degree)
        error = mp.log(largest_error(function, whole, coefficients, high), 2)
        print(f"{file} {name}, degree {degree}: relative error 2^{mp.nstr(error, 5)}")
        for c in coefficients:
            found = abs(c) in literals
            missing += not found
            print("   ", c.hex(), "" if found else "NOT IN THE SOURCE")
    sys.exit(missing != 0)


main()
