package io.detinit.cli;

import io.detinit.cli.option.UsageException;
import io.detinit.interop.mask.MaskBitmaps;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.StoredMasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where masks go.
 *
 * @param masks the file of U8 tensors
 * @param bitmap the compressed bitmaps beside it, where they are wanted
 */
record MaskOutputs(Path masks, @Nullable Path bitmap) {

    /** Refuses, before long work begins, an existing file without --force and a file that is read. */
    static MaskOutputs of(Path masks, boolean withBitmap, boolean force, List<Path> inputs) throws IOException {
        MaskOutputs outputs = new MaskOutputs(masks, withBitmap ? MaskBitmaps.sidecar(masks) : null);
        for (Path target : outputs.bitmap == null ? List.of(masks) : List.of(masks, outputs.bitmap)) {
            for (Path input : inputs) {
                if (Files.exists(target) && Files.exists(input) && Files.isSameFile(target, input)) {
                    throw new UsageException("-o " + target + " is a file that is read; masks need another name");
                }
            }
            Outputs.check(target, force);
        }
        return outputs;
    }

    void write(StoredMasks content, MaskRecord record, Optional<String> plan) throws IOException {
        MaskFile.write(masks, content, record, plan);
        if (bitmap != null) {
            MaskBitmaps.write(bitmap, content, record, plan);
        }
    }
}
