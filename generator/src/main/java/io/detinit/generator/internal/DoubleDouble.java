package io.detinit.generator.internal;

/**
 * A number as the unevaluated sum of two doubles, |lo| <= ulp(hi) / 2: about 106 bits.
 *
 * <p>The operations are those of Dekker (1971) and Knuth as collected by Hida, Li and Bailey, "Library for Double-Double and
 * Quad-Double Arithmetic" (2001); each is within a relative 2^-102 where nothing underflows.
 *
 * @param hi the nearest double
 * @param lo the rest
 */
record DoubleDouble(double hi, double lo) {

    static final DoubleDouble ONE = new DoubleDouble(1, 0);
    static final DoubleDouble LN2 = new DoubleDouble(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56);
    static final DoubleDouble TWO_PI = new DoubleDouble(0x1.921fb54442d18p+2, 0x1.1a62633145c07p-52);

    static DoubleDouble of(double value) {
        return new DoubleDouble(value, 0);
    }

    /** The exact sum of two doubles. */
    static DoubleDouble sum(double a, double b) {
        double s = a + b;
        double bb = s - a;
        return new DoubleDouble(s, (a - (s - bb)) + (b - bb));
    }

    /** The exact sum of two doubles where |a| >= |b| or a is 0. */
    private static DoubleDouble quickSum(double a, double b) {
        double s = a + b;
        return new DoubleDouble(s, b - (s - a));
    }

    /** The exact product of two doubles. */
    private static DoubleDouble product(double a, double b) {
        double p = a * b;
        return new DoubleDouble(p, Math.fma(a, b, -p));
    }

    DoubleDouble plus(DoubleDouble other) {
        DoubleDouble s = sum(hi, other.hi);
        DoubleDouble t = sum(lo, other.lo);
        DoubleDouble v = quickSum(s.hi, s.lo + t.hi);
        return quickSum(v.hi, v.lo + t.lo);
    }

    DoubleDouble negated() {
        return new DoubleDouble(-hi, -lo);
    }

    DoubleDouble times(DoubleDouble other) {
        DoubleDouble p = product(hi, other.hi);
        return quickSum(p.hi, p.lo + (hi * other.lo + lo * other.hi));
    }

    DoubleDouble times(double other) {
        DoubleDouble p = product(hi, other);
        return quickSum(p.hi, p.lo + lo * other);
    }

    DoubleDouble dividedBy(DoubleDouble other) {
        double q1 = hi / other.hi;
        DoubleDouble r = plus(other.times(-q1));
        double q2 = r.hi / other.hi;
        r = r.plus(other.times(-q2));
        double q3 = r.hi / other.hi;
        DoubleDouble q = quickSum(q1, q2);
        return q.plus(of(q3));
    }

    /** The square root of a number >= 0. */
    DoubleDouble sqrt() {
        if (hi == 0) {
            return this;
        }
        // Two Newton steps for the correction of the double root: r + (a - r^2) / (2r)
        double r = Math.sqrt(hi);
        DoubleDouble root = of(r);
        for (int step = 0; step < 2; step++) {
            DoubleDouble rest = plus(root.times(root).negated());
            root = root.plus(rest.dividedBy(root.times(2)));
        }
        return root;
    }
}
