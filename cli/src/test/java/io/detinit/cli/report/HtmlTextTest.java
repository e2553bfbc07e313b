package io.detinit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class HtmlTextTest {

    @Test
    void numbersHaveThreeDigits() {
        assertEquals("0", HtmlText.number(0));
        assertEquals("-", HtmlText.number(Double.NaN));
        assertEquals("0.00921", HtmlText.number(0.009214));
        assertEquals("0.0999", HtmlText.number(0.0999));
        assertEquals("12.3", HtmlText.number(12.34));
        assertEquals("-0.250", HtmlText.number(-0.25));
        assertEquals("9.99e-4", HtmlText.number(9.99e-4));
        assertEquals("1.23e-5", HtmlText.number(1.234e-5));
        assertEquals("1e-5", HtmlText.number(1e-5));
        assertEquals("1.2e10", HtmlText.number(1.2e10));
        assertEquals("1e-5", HtmlText.given(1e-5));
        assertEquals("20", HtmlText.given(20));
        assertEquals("1e10", HtmlText.given(1e10));
    }

    @Test
    void noneAndAllAreSaidOnlyWhereTheyAreTrue() {
        assertEquals("0.0 %", HtmlText.share(0, 1_000_000));
        assertEquals("< 0.1 %", HtmlText.share(1, 1_000_000));
        assertEquals("> 99.9 %", HtmlText.share(999_999, 1_000_000));
        assertEquals("100.0 %", HtmlText.share(7, 7));
        assertEquals("0.0 %", HtmlText.share(0, 0));
        assertEquals("1 weight", HtmlText.count(1, "weight"));
        assertEquals("1,024 weights", HtmlText.count(1024, "weight"));
    }

    @Test
    void axesHaveRoundNumbers() {
        assertEquals(20, SvgTicks.ceiling(14.2));
        assertEquals(0.04, SvgTicks.ceiling(0.031), 1e-12);
        assertEquals(100, SvgTicks.ceiling(100));
        assertEquals("10\u207b\u00b9\u00b2", HtmlText.powerOfTen(-12));
        assertEquals("10\u00b3", HtmlText.powerOfTen(3));
    }

    @Test
    void whatCannotBeSeenIsWrittenOut() {
        assertEquals("fc1.weight \u00e9\u4e2d\ud83d\ude00", HtmlText.visible("fc1.weight \u00e9\u4e2d\ud83d\ude00"));
        assertEquals(
                "a\\u{200B}\\u{2066}\\u{FEFF}\\u{2028}b\\u{FFFF}",
                HtmlText.visible("a\u200b\u2066\ufeff\u2028b\uffff"));
    }

    @Test
    void anUnclosedElementIsNoPage() {
        assertThrows(
                IllegalStateException.class, () -> new HtmlWriter().open("p").finish());
    }
}
