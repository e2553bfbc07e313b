package io.detinit.training;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/**
 * How the C library treats memory that the engine gives back. libtorch asks for every array anew in every step; glibc gives
 * arrays above 128 KiB back to the system at once, and gets them again page by page, which took up to a third of a step.
 *
 * <p>Safe for use by many threads.
 */
public final class EngineMemory {

    // mallopt(3), malloc.h of glibc
    private static final int TRIM_THRESHOLD = -1;
    private static final int MMAP_THRESHOLD = -3;

    /** The most that glibc takes for the second. */
    private static final int ARRAY_BYTES = 32 << 20;

    private static final int KEPT_BYTES = 512 << 20;

    private static final System.Logger LOG = System.getLogger(EngineMemory.class.getName());

    private EngineMemory() {}

    /**
     * Lets this process keep what the engine gives back, up to half a gibibyte, for arrays of up to 32 MiB. It holds for the whole process
     * from now on, which is why it is not done unasked: the command does it where it trains.
     *
     * @return whether the C library took it; false where it is another one than glibc
     */
    public static boolean keepFreed() {
        if (!Platform.isLinux()) {
            return false;
        }
        try {
            var mallopt = NativeLibrary.getInstance("c").getFunction("mallopt");
            boolean arrays = mallopt.invokeInt(new Object[] {MMAP_THRESHOLD, ARRAY_BYTES}) == 1;
            boolean kept = mallopt.invokeInt(new Object[] {TRIM_THRESHOLD, KEPT_BYTES}) == 1;
            return arrays && kept;
        } catch (UnsatisfiedLinkError | RuntimeException e) {
            LOG.log(System.Logger.Level.DEBUG, "no mallopt", e);
            return false;
        }
    }
}
