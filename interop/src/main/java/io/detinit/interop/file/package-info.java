/**
 * What every reader and writer of files shares: the errors that name file, place, finding and expectation, and writes that
 * appear whole or not at all. The lowest package of interop; depends on the JDK alone. Stable.
 */
@NullMarked
package io.detinit.interop.file;

import org.jspecify.annotations.NullMarked;
