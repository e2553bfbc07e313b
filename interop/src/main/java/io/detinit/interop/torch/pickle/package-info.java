/**
 * Python pickles read inertly: a stream becomes plain values, and whatever would have been a call or a class stays a record of
 * its name and arguments. Nothing is looked up, nothing runs. Depends on {@code interop.file}. Not for use outside
 * {@code interop.torch}; may change.
 */
@NullMarked
package io.detinit.interop.torch.pickle;

import org.jspecify.annotations.NullMarked;
