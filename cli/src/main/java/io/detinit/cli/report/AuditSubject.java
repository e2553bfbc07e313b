package io.detinit.cli.report;

/**
 * What was audited, for a report's head.
 *
 * @param file the file's name as it was given
 * @param format its format
 * @param source where the initial values come from, such as {@code the file's plan}
 */
public record AuditSubject(String file, String format, String source) {}
