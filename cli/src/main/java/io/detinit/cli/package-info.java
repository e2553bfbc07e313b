/**
 * The {@code detinit} command: parsing, tables, progress, reports, exit codes. No logic that a library user would miss.
 */
@NullMarked
package io.detinit.cli;

import org.jspecify.annotations.NullMarked;
