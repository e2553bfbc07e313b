/**
 * Zip archives read by their central directory, mapped and sliced, and written by streaming. Several checkpoint formats are
 * zips; what their members mean is the formats' business. Depends on {@code interop.file} and the JDK. Stable.
 */
@NullMarked
package io.detinit.interop.zip;

import org.jspecify.annotations.NullMarked;
