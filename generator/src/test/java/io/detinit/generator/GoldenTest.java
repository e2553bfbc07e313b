package io.detinit.generator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.internal.ExactNormal;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.function.ObjLongConsumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Known answers in {@code generator-v1.json}, computed with mpmath at 200 bits from the specification alone, without this code. Bits
 * are compared, not differences.
 */
@Tag("kernel")
class GoldenTest {

    private static JsonNode golden;

    @BeforeAll
    static void load() throws IOException {
        try (InputStream in = GoldenTest.class.getResourceAsStream("/generator-v1.json")) {
            golden = new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
        assertEquals(InitPlan.ALGORITHM, golden.path("algorithm").asText());
    }

    private static long hex(JsonNode node) {
        return Long.parseUnsignedLong(node.asText().substring(2), 16);
    }

    @Test
    void hashOfSingleWords() {
        assertEquals(7, golden.path("hash").size());
        for (JsonNode entry : golden.path("hash")) {
            assertEquals(hex(entry.path("H")), SplitMix64.hash(hex(entry.path("x"))), entry.toString());
        }
    }

    @Test
    void rawBitsAtAddresses() {
        assertEquals(56, golden.path("bits").size());
        for (JsonNode entry : golden.path("bits")) {
            JsonNode index = entry.path("index");
            for (int draw = 0; draw < 2; draw++) {
                long bits = SplitMix64.bits(
                        entry.path("seed").longValue(),
                        index.get(0).longValue(),
                        index.get(1).longValue(),
                        index.get(2).longValue(),
                        draw);
                assertEquals(hex(entry.path("bits" + draw)), bits, entry.toString());
            }
        }
    }

    @Test
    void normalsAreTheNearestDoubles() {
        assertEquals(56, golden.path("gaussian").size());
        for (JsonNode entry : golden.path("gaussian")) {
            JsonNode index = entry.path("index");
            long[] words = new long[2];
            for (int draw = 0; draw < 2; draw++) {
                words[draw] = SplitMix64.bits(
                        entry.path("seed").longValue(),
                        index.get(0).longValue(),
                        index.get(1).longValue(),
                        index.get(2).longValue(),
                        draw);
            }
            assertEquals(
                    Double.parseDouble(entry.path("float64_nearest").asText()),
                    ExactNormal.toDouble(words[0], words[1], 1.0),
                    entry.toString());
        }
    }

    @Test
    void wholeMatricesBitForBit() {
        assertEquals(5, golden.path("matrix").size());
        for (JsonNode entry : golden.path("matrix")) {
            TensorInit init = init(entry);
            assertEquals(Double.parseDouble(entry.path("std_float64").asText()), init.std());
            checkBits(entry.path("float32_bits"), init);
        }
    }

    @Test
    void uniformSchemesBitForBit() {
        assertEquals(3, golden.path("uniform").size());
        for (JsonNode entry : golden.path("uniform")) {
            TensorInit init = init(entry);
            assertEquals(
                    Double.parseDouble(entry.path("bound_float64").asText()),
                    init.scheme().bound(init.shape()).orElseThrow());
            checkBits(entry.path("float32_bits"), init);
        }
    }

    @Test
    void theArticlesTwelveNumbers() {
        JsonNode printed = golden.path("article").path("printed");
        TensorInit init = TensorInit.matrix(42, 0, 8, 10, Scheme.HE);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 4; j++) {
                String six = String.format(java.util.Locale.ROOT, "%.6f", init.weight(i, j));
                assertEquals(printed.get(i).get(j).asText(), six);
            }
        }
    }

    @Test
    void reducedPrecisionIsTheFloat32RoundedOnceMore() {
        JsonNode entry = golden.path("narrow").get(0);
        each(entry.path("float16_bits"), (bits, address) -> {
            float w = init(entry).weight(address >>> 32, address & 0xFFFF_FFFFL);
            assertEquals(Integer.parseInt(bits.asText(), 16), ReducedPrecision.toFloat16(w) & 0xFFFF);
        });
        each(entry.path("bfloat16_bits"), (bits, address) -> {
            float w = init(entry).weight(address >>> 32, address & 0xFFFF_FFFFL);
            assertEquals(Integer.parseInt(bits.asText(), 16), ReducedPrecision.toBfloat16(w) & 0xFFFF);
        });
    }

    @Test
    void float64IsTheNearestDouble() {
        JsonNode entry = golden.path("float64").get(0);
        TensorInit init = init(entry);
        each(
                entry.path("float64_hex"),
                (hex, address) -> assertEquals(
                        Double.parseDouble(hex.asText()), init.weightAsDouble(address >>> 32, address & 0xFFFF_FFFFL)));
    }

    private static TensorInit init(JsonNode entry) {
        return TensorInit.matrix(
                entry.path("seed").longValue(),
                entry.path("layer").longValue(),
                entry.path("rows").longValue(),
                entry.path("cols").longValue(),
                Scheme.parse(entry.path("scheme").asText()));
    }

    @Test
    void signedConstants() {
        assertEquals(1, golden.path("signed_constant").size());
        for (JsonNode entry : golden.path("signed_constant")) {
            long rows = entry.path("rows").longValue();
            long cols = entry.path("cols").longValue();
            TensorInit init = TensorInit.matrix(
                    entry.path("seed").longValue(),
                    entry.path("layer").longValue(),
                    rows,
                    cols,
                    Scheme.SIGNED_CONSTANT);
            double std = Double.parseDouble(entry.path("std_float64").asText());
            each(entry.path("negative"), (negative, at) -> {
                double expected = negative.intValue() == 1 ? -std : std;
                assertEquals(expected, init.weightAsDouble(at >>> 32, at & 0xFFFF_FFFFL));
                assertEquals((float) expected, init.weight(at >>> 32, at & 0xFFFF_FFFFL));
                assertEquals((float) expected, init.toArray()[(int) ((at >>> 32) * cols + (at & 0xFFFF_FFFFL))]);
            });
        }
    }

    @Test
    void orthogonalMatricesSquareTallAndWide() {
        assertEquals(3, golden.path("orthogonal").size());
        for (JsonNode entry : golden.path("orthogonal")) {
            Scheme base = Scheme.parse(entry.path("base").asText());
            TensorInit init = TensorInit.matrix(
                    entry.path("seed").longValue(),
                    entry.path("layer").longValue(),
                    entry.path("rows").longValue(),
                    entry.path("cols").longValue(),
                    Scheme.orthogonal(base));
            double within = entry.path("within").doubleValue();
            each(entry.path("values"), (value, at) -> {
                assertEquals(value.doubleValue(), init.weightAsDouble(at >>> 32, at & 0xFFFF_FFFFL), within);
                assertEquals(
                        (float) init.weightAsDouble(at >>> 32, at & 0xFFFF_FFFFL),
                        init.weight(at >>> 32, at & 0xFFFF_FFFFL));
            });
        }
    }

    private static void checkBits(JsonNode rows, TensorInit init) {
        float[] bulk = init.toArray();
        long cols = init.shape().cols();
        each(rows, (bits, address) -> {
            int expected = Integer.parseUnsignedInt(bits.asText(), 16);
            long i = address >>> 32;
            long j = address & 0xFFFF_FFFFL;
            assertEquals(expected, Float.floatToRawIntBits(init.weight(i, j)), () -> init + " (" + i + ", " + j + ")");
            assertEquals(expected, Float.floatToRawIntBits(bulk[(int) (i * cols + j)]));
        });
    }

    private static void each(JsonNode rows, ObjLongConsumer<JsonNode> check) {
        assertTrue(rows.size() > 0);
        for (int i = 0; i < rows.size(); i++) {
            assertTrue(rows.get(i).size() > 0);
            for (int j = 0; j < rows.get(i).size(); j++) {
                check.accept(rows.get(i).get(j), (long) i << 32 | j);
            }
        }
    }
}
