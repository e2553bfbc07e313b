/**
 * What every checkpoint format is read into: dtypes, lazy read-only tensor views, and files that can be rewritten with some
 * tensors replaced. Knows no format. Depends on {@code interop.file} and the generator. Stable.
 */
@NullMarked
package io.detinit.interop.tensor;

import org.jspecify.annotations.NullMarked;
