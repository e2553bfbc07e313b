package io.detinit.interop.regenerate;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** From which version of the default operator set on each operator means what it means in 18. */
final class OperatorVersions {

    private static final String TABLE = "operators.txt";
    private static final Map<String, Integer> OLDEST = read();

    private OperatorVersions() {}

    /** Whether a node of an operator means the same in operator set 18, as the schemas of ONNX have it. */
    static boolean same(String operator, long opset) {
        Integer oldest = OLDEST.get(operator);
        return oldest != null && opset >= oldest;
    }

    private static Map<String, Integer> read() {
        Map<String, Integer> oldest = new HashMap<>();
        try (InputStream in = Objects.requireNonNull(OperatorVersions.class.getResourceAsStream(TABLE), TABLE);
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int space = line.indexOf(' ');
                if (!line.startsWith("#")) {
                    oldest.put(line.substring(0, space), Integer.valueOf(line.substring(space + 1)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return oldest;
    }
}
