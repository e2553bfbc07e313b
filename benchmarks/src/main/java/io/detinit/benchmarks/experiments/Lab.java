package io.detinit.benchmarks.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;

/**
 * What the experiments have in common: one thread a process, since the figures depend on the number of threads in their last bits, and two
 * processes of one thread get more done than one of two.
 *
 * @param table whether only the table is wanted
 * @param part the part of the runs to make, from 1
 * @param parts into how many parts the runs are divided
 */
record Lab(boolean table, int part, int parts) {

    static Lab of(String[] args) {
        if (args.length != 3) {
            throw new IllegalArgumentException(
                    "arguments: the folder of the data, the folder of the results, and 'table' or a part such as 1/2");
        }
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.pytorch.num_threads", "1");
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        if (args[2].equals("table")) {
            return new Lab(true, 1, 1);
        }
        String[] numbers = args[2].split("/", -1);
        return new Lab(false, Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
    }

    /** Whether a run belongs to this part. */
    boolean mine(int number) {
        return number % parts == part - 1;
    }

    static List<Double> values(List<JsonNode> runs, Function<JsonNode, JsonNode> of) {
        return runs.stream().map(run -> of.apply(run).asDouble()).toList();
    }

    static void print(String text) {
        new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true, StandardCharsets.UTF_8)
                .print(text);
    }
}
