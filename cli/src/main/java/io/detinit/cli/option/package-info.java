/**
 * What users write on a command line, wherever it runs: seeds, thresholds, which weights to prune, gates. Shared by the command and
 * by the jobs of {@code spark}; knows nothing of the command itself. Stable.
 */
@NullMarked
package io.detinit.cli.option;

import org.jspecify.annotations.NullMarked;
