package io.detinit.cli;

/** Settings that engines and loggers read once, when they start. */
final class Runtimes {

    private Runtimes() {}

    /** Applies the global options; to be called before any engine or logger is used. */
    static void configure(Detinit root) {
        setDefault("OPT_OUT_TRACKING", "true"); // DJL reports its use otherwise
        setDefault("org.slf4j.simpleLogger.defaultLogLevel", root.verbose ? "info" : "error");
        setDefault("org.slf4j.simpleLogger.logFile", "System.err");
        setDefault("ai.djl.pytorch.num_threads", Integer.toString(root.threads));
    }

    private static void setDefault(String key, String value) {
        if (System.getProperty(key) == null) {
            System.setProperty(key, value);
        }
    }
}
