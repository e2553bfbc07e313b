package io.detinit.generator.internal;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * std * z in decimal arithmetic, widened until both ends of the error interval round to one float. Ends always: outside the
 * exact zeros, z is a transcendental number and no rounding boundary.
 *
 * <p>Stateless; safe for use by many threads. Tens of microseconds a value.
 */
final class WideNormal {

    private static final BigDecimal TWO = BigDecimal.valueOf(2);
    private static final int FIRST_DIGITS = 50;
    private static final int LAST_DIGITS = 1600;

    private WideNormal() {}

    static float toFloat(long bits0, long bits1, double std) {
        for (int digits = FIRST_DIGITS; digits <= LAST_DIGITS; digits *= 2) {
            BigDecimal v = value(bits0, bits1, std, digits);
            BigDecimal slack = slack(v, digits);
            float low = v.subtract(slack).floatValue();
            float high = v.add(slack).floatValue();
            if (low == high) {
                return low;
            }
        }
        throw new ArithmeticException("no float32 decided with " + LAST_DIGITS + " digits");
    }

    static double toDouble(long bits0, long bits1, double std) {
        for (int digits = FIRST_DIGITS; digits <= LAST_DIGITS; digits *= 2) {
            BigDecimal v = value(bits0, bits1, std, digits);
            BigDecimal slack = slack(v, digits);
            double low = v.subtract(slack).doubleValue();
            double high = v.add(slack).doubleValue();
            if (low == high) {
                return low;
            }
        }
        throw new ArithmeticException("no float64 decided with " + LAST_DIGITS + " digits");
    }

    private static BigDecimal slack(BigDecimal v, int digits) {
        return v.abs().movePointLeft(digits);
    }

    /**
     * std * z.
     *
     * @param digits the relative error is below 10^-digits
     */
    static BigDecimal value(long bits0, long bits1, double std, int digits) {
        if (ExactNormal.isZero(bits0, bits1)) {
            return BigDecimal.ZERO;
        }
        MathContext mc = new MathContext(digits + 20, RoundingMode.HALF_EVEN);
        BigDecimal unit = new BigDecimal(FastNormal.UNIT);
        BigDecimal u1 = BigDecimal.valueOf((bits0 >>> 11) + 1).multiply(unit);
        BigDecimal u2 = BigDecimal.valueOf(bits1 >>> 11).multiply(unit);
        BigDecimal x = u2.subtract(new BigDecimal("0.5")).abs().subtract(new BigDecimal("0.25"));
        BigDecimal radius = ln(u1, mc).multiply(BigDecimal.valueOf(-2)).sqrt(mc);
        BigDecimal sine = sin(pi(mc).multiply(TWO).multiply(x, mc), mc);
        return new BigDecimal(std).multiply(radius.multiply(sine, mc), mc);
    }

    /** ln u = e ln 2 + 2 artanh((m-1)/(m+1)), m in [0.7, 1.5]. */
    private static BigDecimal ln(BigDecimal u, MathContext mc) {
        int exponent = 0;
        BigDecimal m = u;
        while (m.compareTo(new BigDecimal("0.7")) < 0) {
            m = m.multiply(TWO);
            exponent--;
        }
        BigDecimal s = m.subtract(BigDecimal.ONE).divide(m.add(BigDecimal.ONE), mc);
        BigDecimal ln2 =
                artanh(BigDecimal.ONE.divide(BigDecimal.valueOf(3), mc), mc).multiply(TWO);
        return ln2.multiply(BigDecimal.valueOf(exponent)).add(artanh(s, mc).multiply(TWO), mc);
    }

    private static BigDecimal artanh(BigDecimal s, MathContext mc) {
        BigDecimal square = s.multiply(s, mc);
        return series(s, mc, (term, k) -> term.multiply(square, mc), k -> 2 * k + 1);
    }

    private static BigDecimal sin(BigDecimal a, MathContext mc) {
        BigDecimal square = a.multiply(a, mc).negate();
        return series(
                a,
                mc,
                (term, k) -> term.multiply(square, mc).divide(BigDecimal.valueOf(2L * k * (2L * k + 1)), mc),
                k -> 1);
    }

    /** Machin (1706): pi = 16 arctan(1/5) - 4 arctan(1/239). */
    private static BigDecimal pi(MathContext mc) {
        return arctanInverse(5, mc)
                .multiply(BigDecimal.valueOf(16))
                .subtract(arctanInverse(239, mc).multiply(BigDecimal.valueOf(4)), mc);
    }

    private static BigDecimal arctanInverse(int n, MathContext mc) {
        BigDecimal factor = BigDecimal.valueOf(-(long) n * n);
        return series(
                BigDecimal.ONE.divide(BigDecimal.valueOf(n), mc),
                mc,
                (term, k) -> term.divide(factor, mc),
                k -> 2 * k + 1);
    }

    private interface NextTerm {
        BigDecimal after(BigDecimal term, int k);
    }

    private interface Divisor {
        int at(int k);
    }

    /** The sum over k of term_k / divisor(k), until a term no longer counts. */
    private static BigDecimal series(BigDecimal first, MathContext mc, NextTerm next, Divisor divisor) {
        BigDecimal term = first;
        BigDecimal sum = first;
        if (first.signum() == 0) {
            return sum;
        }
        int smallest = exponent10(first) - mc.getPrecision() - 2;
        for (int k = 1; exponent10(term) >= smallest; k++) {
            term = next.after(term, k);
            sum = sum.add(term.divide(BigDecimal.valueOf(divisor.at(k)), mc), mc);
            if (term.signum() == 0) {
                break;
            }
        }
        return sum;
    }

    private static int exponent10(BigDecimal value) {
        return value.precision() - value.scale();
    }
}
