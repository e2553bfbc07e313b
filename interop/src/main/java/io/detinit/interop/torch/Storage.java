package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;

/** The memory of one or several tensors. Immutable; one object for each storage of a file. */
final class Storage {

    private final String key;
    private final ByteSource bytes;
    private final boolean bigEndian;

    /**
     * A storage.
     *
     * @param key the entry that holds it, in a legacy file its number; unique in its file
     * @param bytes its content
     * @param bigEndian whether numbers of more than a byte lie high byte first
     */
    Storage(String key, ByteSource bytes, boolean bigEndian) {
        this.key = key;
        this.bytes = bytes;
        this.bigEndian = bigEndian;
    }

    String key() {
        return key;
    }

    ByteSource bytes() {
        return bytes;
    }

    boolean bigEndian() {
        return bigEndian;
    }
}
