package io.detinit.cli.option;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.identify.SeedInterval;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How ranges of seeds are written. */
class SeedRangeTest {

    private static List<SeedInterval> parse(String... values) {
        return SeedRange.parse("--seeds", Arrays.asList(values)).stream()
                .map(SeedRange::interval)
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "0..9999, 0, 10000",
        "42, 42, 1",
        "7..7, 7, 1",
        "-3..5, -3, 9",
        "-9..-7, -9, 3",
        "0x10..0x1F, 16, 16",
        "-0x2..2, -2, 5",
        "9223372036854775806..9223372036854775809, 9223372036854775806, 4",
        "18446744073709551615, -1, 1",
        "0xFFFFFFFFFFFFFFFE..18446744073709551615, -2, 2",
        "-9223372036854775808, -9223372036854775808, 1",
        "0..9223372036854775806, 0, 9223372036854775807",
        "' 1 .. 3 ', 1, 3"
    })
    void bothEndsAreIncluded(String text, long first, long count) {
        assertEquals(List.of(new SeedInterval(first, count)), parse(text));
    }

    @Test
    void severalGoAfterCommasAndInSeveralOptions() {
        assertEquals(List.of(new SeedInterval(1, 3), SeedInterval.of(9), SeedInterval.of(-4)), parse("1..3, 9", "-4"));
        assertEquals(List.of(), parse());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|a range is missing",
                "1..2,|a range is missing",
                "1,,2|a range is missing",
                "..|'' is no seed",
                "1..|'' is no seed",
                "..5|'' is no seed",
                "1..2..3|'2..3' is no seed",
                "1...3|'.3' is no seed",
                "a..5|'a' is no seed",
                "1.5|'1.5' is no seed",
                "0x|'0x' is no seed",
                "--5..5|'--5' is no seed",
                "18446744073709551616|'18446744073709551616' is no seed",
                "-9223372036854775809..0|'-9223372036854775809' is no seed",
                "9..3|--seeds 9..3: holds no seed; the lower end comes first, as 3..9",
                "5..-5|as -5..5",
                "0..9223372036854775807|9223372036854775808 seeds are more than",
                "-1..18446744073709551615|18446744073709551617 seeds are more than",
                "0..9223372036854775806,1|9223372036854775808 seeds are more than"
            })
    void mistakesAreNamed(String text, String message) {
        UsageException e = assertThrows(UsageException.class, () -> parse(text));
        assertTrue(e.getMessage().startsWith("--seeds"), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }
}
