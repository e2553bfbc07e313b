/** The experiments of docs/experiments.md: each main trains, measures and writes one JSON file a run, then a table of all of them. */
@NullMarked
package io.detinit.benchmarks.experiments;

import org.jspecify.annotations.NullMarked;
