package io.detinit.spark;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where and in how many tasks a job runs. */
final class EngineOptions {

    @Option(
            names = "--partitions",
            paramLabel = "N",
            description = "How many tasks (default: one to each 64 Mi elements). The result does not depend on it.")
    int partitions;

    @Option(
            names = "--master",
            paramLabel = "URL",
            description = "Start an engine here, such as local[*]; without it spark-submit says which.")
    @Nullable
    String master;

    @Option(names = "--json", description = "Accepted and without effect: the result is always JSON.")
    boolean json;

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one makes no sense
     */
    void check() {
        if (partitions < 0) {
            throw new IllegalArgumentException("--partitions " + partitions + ": at least 1 is needed");
        }
    }
}
