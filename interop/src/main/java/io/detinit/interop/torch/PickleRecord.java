package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.torch.pickle.PickleReader;
import io.detinit.interop.torch.pickle.PickleReader.Pickle;
import java.io.IOException;

/**
 * A record that is one pickle and nothing else.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class PickleRecord {

    private PickleRecord() {}

    /**
     * Reads a record of an archive.
     *
     * @param zip the archive
     * @param record a record that it has
     * @return the pickle
     * @throws MalformedFileException if it is none, too large, or another pickle follows it
     */
    static Pickle read(TorchZip zip, String record) throws IOException {
        ByteSource bytes = zip.record(record).orElseThrow();
        return read(zip.archive().source().name(), record, bytes);
    }

    /** Reads bytes that are one pickle. */
    static Pickle read(String file, String label, ByteSource bytes) throws IOException {
        if (bytes.size() > TorchZip.MAX_PICKLE) {
            throw MalformedFileException.of(file, label, bytes.size() + " bytes", "at most " + TorchZip.MAX_PICKLE);
        }
        Pickle pickle = PickleReader.read(bytes, 0);
        if (pickle.end() != bytes.size()) {
            throw MalformedFileException.of(
                    file,
                    label + ", byte " + bytes.filePosition(pickle.end()),
                    (bytes.size() - pickle.end()) + " bytes after STOP",
                    "none; a second pickle there would be a hidden one");
        }
        return pickle;
    }
}
