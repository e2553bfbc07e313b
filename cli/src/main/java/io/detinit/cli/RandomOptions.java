package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.option.Seed;
import io.detinit.cli.option.UsageException;
import io.detinit.interop.verify.RandomInputs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** How random inputs of a model are made. */
final class RandomOptions {

    @Option(names = "--input-seed", paramLabel = "S", description = "The seed of random inputs (default: 0).")
    Seed seed = new Seed(0);

    @Option(
            names = "--distribution",
            paramLabel = "NAME",
            description = "normal (mean 0, standard deviation 1; default) or uniform (0 to 1), for random inputs.")
    RandomInputs.Distribution distribution = RandomInputs.Distribution.NORMAL;

    @Option(
            names = "--max-integer",
            paramLabel = "N",
            description =
                    "Random int16, int32 and int64 inputs are 0 to N (default: 1), so that they are valid as indices.")
    int maxInteger = 1;

    @Option(
            names = "--shape",
            paramLabel = "NAME=AXES",
            description = "The shape of a random input, such as x=1,3,224,224 (default: its free axes are 1).")
    Map<String, String> shapes = new LinkedHashMap<>();

    RandomInputs inputs() {
        Map<String, List<Long>> parsed = new LinkedHashMap<>();
        shapes.forEach((name, axes) -> parsed.put(name, axes(name, axes)));
        return new RandomInputs(seed.value(), distribution, maxInteger, parsed);
    }

    private static List<Long> axes(String name, String text) {
        List<Long> axes = new ArrayList<>();
        for (String axis : text.split(",", -1)) {
            if (!axis.strip().matches("[0-9]{1,9}")) {
                throw new UsageException(
                        "--shape " + name + "=" + text + ": give its axes, such as " + name + "=1,3,224,224");
            }
            axes.add(Long.parseLong(axis.strip()));
        }
        return axes;
    }

    /** What is needed to make the same inputs again. */
    void put(ObjectNode object) {
        ObjectNode node = object.putObject("inputs");
        node.put("seed", seed.value());
        node.put("distribution", distribution.name().toLowerCase(Locale.ROOT));
        node.put("maxInteger", maxInteger);
    }
}
