package io.detinit.spark;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaReportJson;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Deltas that are unpacked into a copy of a folder of torch.distributed.checkpoint: which file needs which of them. Used by the driver; not
 * thread-safe.
 */
final class FolderUnpack {

    private final FileSet files;
    private final List<DeltaReportJson.Contents> contents = new ArrayList<>();
    private final Map<String, Path> places = new HashMap<>();
    private byte[] plan = {};

    /**
     * Looks into all deltas.
     *
     * @param template the open folder
     * @param source where it lies
     * @param deltas the delta files
     * @param conf the settings of the file systems
     * @throws IllegalArgumentException if the folder does not have a tensor, or has it in another dtype or shape
     */
    FolderUnpack(Checkpoint template, Path source, List<Path> deltas, Configuration conf) throws IOException {
        this.files = new FileSet(template, source, conf);
        for (Path delta : deltas) {
            try (HadoopBytes bytes = HadoopBytes.open(delta, conf);
                    DeltaFile file = DeltaFile.open(bytes, RemoteCheckpoints.local(delta), bytes)) {
                Map<String, TensorView> tensors = tensors(file);
                Replacements.check(template.tensors(), tensors);
                tensors.keySet().forEach(name -> places.put(name, delta));
                contents.add(DeltaReportJson.Contents.of(file));
                plan = (PlanJson.write(file.plan()) + "\n").getBytes(StandardCharsets.UTF_8);
            }
        }
    }

    private static Map<String, TensorView> tensors(DeltaFile file) throws IOException {
        Map<String, TensorView> tensors = new LinkedHashMap<>();
        for (TensorView tensor : file.tensors()) {
            tensors.put(tensor.info().name(), tensor);
        }
        return tensors;
    }

    FileSet files() {
        return files;
    }

    /** What the deltas say of themselves. */
    List<DeltaReportJson.Contents> contents() {
        return contents;
    }

    /** The plan of the whole model, which the folder cannot carry: that of the set's index, or of the only delta. */
    byte[] plan(DeltaSet set) throws IOException {
        String inIndex = new JsonMapper()
                .readTree(set.text())
                .path("metadata")
                .path(Checkpoint.PLAN_KEY)
                .asText();
        return inIndex.isEmpty() ? plan : (inIndex + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Writes one file of the folder. */
    Task task(String name, Path target) {
        Set<String> deltas = new LinkedHashSet<>();
        List<String> tensors = files.tensors().getOrDefault(name, List.of());
        for (String tensor : tensors) {
            Path place = places.get(tensor);
            if (place != null) {
                deltas.add(place.toString());
            }
        }
        return new Task(files.copy(name, target, Map.of()), List.copyOf(tensors), List.copyOf(deltas));
    }

    /**
     * Writes one file.
     *
     * @param file the template's file and the one to appear
     * @param tensors those that have pieces in it
     * @param deltas the delta files that have these
     */
    record Task(FileCopy file, List<String> tensors, List<String> deltas) implements Serializable {

        /** Writes the file unless it is there. */
        void run(Configuration conf) throws IOException {
            if (file.isThere(conf)) {
                return;
            }
            List<DeltaFile> open = new ArrayList<>();
            try {
                Map<String, TensorView> replacements = new LinkedHashMap<>();
                for (String delta : deltas) {
                    Path path = new Path(delta);
                    HadoopBytes bytes = HadoopBytes.open(path, conf);
                    DeltaFile opened = DeltaFile.open(bytes, RemoteCheckpoints.local(path), bytes);
                    open.add(opened);
                    replacements.putAll(FolderUnpack.tensors(opened));
                }
                replacements.keySet().retainAll(new HashSet<>(tensors));
                file.write(conf, (template, turns) -> replacements);
            } finally {
                for (DeltaFile delta : open) {
                    delta.close();
                }
            }
        }
    }
}
