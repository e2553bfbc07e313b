package io.detinit.interop.identify;

import java.util.Optional;

/**
 * What became of the seeds of one kind.
 *
 * @param tried how many seeds
 * @param found the best that made the file, empty where none did
 */
public record IdentifySearch(long tried, Optional<IdentifiedSeed> found) {}
