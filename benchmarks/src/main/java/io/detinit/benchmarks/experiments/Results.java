package io.detinit.benchmarks.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.file.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One JSON file for each run of an experiment, so that an experiment can be interrupted, continued and divided among processes.
 *
 * @param folder where they lie
 */
record Results(Path folder) {

    static final JsonMapper JSON = new JsonMapper();

    /** Makes a run's result. */
    @FunctionalInterface
    interface Run {
        ObjectNode make() throws IOException;
    }

    static Results in(String folder, String experiment) throws IOException {
        return new Results(Files.createDirectories(Path.of(folder).resolve(experiment)));
    }

    /** The result of a run; made and kept if there is none yet. */
    void require(String key, Run run) throws IOException {
        Path file = file(key);
        if (Files.exists(file)) {
            return;
        }
        long start = System.nanoTime();
        ObjectNode result = run.make();
        result.put("seconds", (System.nanoTime() - start) / 1_000_000_000);
        AtomicFile.write(
                file,
                JSON.writerWithDefaultPrettyPrinter().writeValueAsString(result).getBytes(StandardCharsets.UTF_8));
        System.getLogger("detinit").log(System.Logger.Level.INFO, "{0}: {1} s", key, result.get("seconds"));
    }

    Optional<JsonNode> find(String key) throws IOException {
        Path file = file(key);
        return Files.exists(file) ? Optional.of(JSON.readTree(Files.readAllBytes(file))) : Optional.empty();
    }

    private Path file(String key) {
        return folder.resolve(key.replace(':', '_').replace(' ', '_') + ".json");
    }
}
