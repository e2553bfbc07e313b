package io.detinit.cli.option;

/** What files that are written say of the program that made them. Stateless. */
public final class ToolVersion {

    private ToolVersion() {}

    /** {@return the program and its version, such as {@code detinit 1.0}} */
    public static String name() {
        String version = ToolVersion.class.getPackage().getImplementationVersion();
        return "detinit " + (version == null ? "development" : version);
    }
}
