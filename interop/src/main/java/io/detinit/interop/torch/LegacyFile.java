package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.torch.pickle.PickleReader;
import io.detinit.interop.torch.pickle.PickleReader.Pickle;
import io.detinit.interop.torch.pickle.PickleValue.Items;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/**
 * Reads what {@code torch.save} wrote before 1.6: pickles of a magic number, the protocol 1001, system information, the object and
 * the list of storage keys; then each storage as its number of elements (int64) and its bytes, always little-endian. Source:
 * {@code torch/serialization.py}, {@code _legacy_save} and {@code _legacy_load}.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class LegacyFile {

    /** The pickled long 0x1950A86A20F9469CFC6C after any PROTO opcode. */
    private static final byte[] MAGIC = {
        (byte) 0x8A, 0x0A, 0x6C, (byte) 0xFC, (byte) 0x9C, 0x46, (byte) 0xF9, 0x20, 0x6A, (byte) 0xA8, 0x50, 0x19, '.'
    };

    private static final long PROTOCOL = 1001;

    private LegacyFile() {}

    /** Whether a file begins with the magic number. */
    static boolean matches(ByteBuffer head) {
        return head.limit() >= MAGIC.length + 2
                && head.get(0) == (byte) 0x80
                && head.slice(2, MAGIC.length).equals(ByteBuffer.wrap(MAGIC));
    }

    /**
     * A legacy file.
     *
     * @param content its tensors
     * @param storages its storages in the order of the file
     */
    record Legacy(TorchContent content, List<Storage> storages) {}

    /** Reads a file whose head {@link #matches}. */
    static Legacy open(ByteSource source) throws IOException {
        String file = source.name();
        Pickle magic = PickleReader.read(source, 0);
        Pickle protocol = PickleReader.read(source, magic.end());
        if (!protocol.value().equals(PROTOCOL)) {
            throw MalformedFileException.of(file, "byte " + magic.end(), "another protocol", Long.toString(PROTOCOL));
        }
        Pickle system = PickleReader.read(source, protocol.end());
        Pickle object = PickleReader.read(source, system.end());
        Pickle keys = PickleReader.read(source, object.end());
        if (!(keys.value() instanceof Items list)) {
            throw MalformedFileException.of(file, "byte " + object.end(), "no list", "the storages' keys");
        }
        LegacyStorages storages = LegacyStorages.place(source, keys.end(), list, object.references());
        PickleFile pickle = PickleFile.of(file, object, storages);
        TorchContent content =
                new TorchContent(TorchFormat.LEGACY, List.copyOf(pickle.tensors()), Map.of(), pickle.warnings());
        return new Legacy(content, storages.inOrder());
    }
}
