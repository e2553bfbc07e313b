package io.detinit.interop.numpy;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.zip.ZipArchive;
import io.detinit.interop.zip.ZipEntryInfo;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The content of a deflated member. What was inflated is kept only while memory allows, so an archive of many members holds no
 * more than those that are being read.
 *
 * <p>Safe for use by many threads while the archive is open.
 */
final class NpzMember implements ByteSource {

    private final ZipArchive archive;
    private final ZipEntryInfo entry;
    private final String name;
    private final long filePosition;
    private volatile SoftReference<@Nullable ByteSource> content = new SoftReference<>(null);

    private NpzMember(ZipArchive archive, ZipEntryInfo entry, ByteSource content) {
        this.archive = archive;
        this.entry = entry;
        this.name = content.name();
        this.filePosition = content.filePosition(0);
    }

    /**
     * The content of a member.
     *
     * @param archive the archive
     * @param entry one of its entries
     * @return its bytes; a part of the archive's source where they are stored
     * @throws IOException if the entry is malformed or reading fails
     */
    static ByteSource of(ZipArchive archive, ZipEntryInfo entry) throws IOException {
        ByteSource content = archive.content(entry);
        return entry.method() == ZipEntryInfo.STORED ? content : new NpzMember(archive, entry, content);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() {
        return entry.size();
    }

    @Override
    public long filePosition(long position) {
        return filePosition;
    }

    @Override
    public void read(long position, ByteBuffer destination) throws IOException {
        content().read(position, destination);
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        return content().view(position, length);
    }

    /** Lets go of what was inflated. */
    void release() {
        content = new SoftReference<>(null);
    }

    private ByteSource content() throws IOException {
        ByteSource known = content.get();
        if (known == null) {
            synchronized (this) {
                known = content.get();
                if (known == null) {
                    known = archive.content(entry);
                    content = new SoftReference<>(known);
                }
            }
        }
        return known;
    }
}
