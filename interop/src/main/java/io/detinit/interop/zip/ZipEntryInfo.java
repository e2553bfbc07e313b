package io.detinit.interop.zip;

/**
 * One entry of a central directory.
 *
 * @param name its path in the archive, as it stands there; never used as a path of the file system
 * @param method 0 stored, 8 deflated
 * @param flags the general purpose flags
 * @param crc the CRC-32 that the directory states, which may be bogus
 * @param compressedSize bytes in the archive
 * @param size bytes of the content
 * @param headerOffset where its local header begins
 * @param end the byte before which its content must end: the next entry or the directory
 */
public record ZipEntryInfo(
        String name, int method, int flags, int crc, long compressedSize, long size, long headerOffset, long end) {

    /** Stored: the content lies in the archive as it is. */
    public static final int STORED = 0;

    /** Deflated. */
    public static final int DEFLATED = 8;

    /** {@return whether the content is encrypted} */
    public boolean encrypted() {
        return (flags & 1) != 0;
    }

    /** {@return whether it is a folder, which has no content} */
    public boolean folder() {
        return name.endsWith("/");
    }
}
