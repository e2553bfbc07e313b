/**
 * Which seed made a trained model: initial weights of candidate seeds, addressable or drawn by PyTorch, are correlated with the
 * trained ones; layer ids and positions on PyTorch's stream are found the same way. Depends on interop.parameter,
 * interop.tensor, interop.plan and interop.parallel. Stable.
 */
@NullMarked
package io.detinit.interop.identify;

import org.jspecify.annotations.NullMarked;
