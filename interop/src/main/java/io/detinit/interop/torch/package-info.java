/**
 * PyTorch's own files: {@code torch.save} in its zip form and the older ones, TorchScript, {@code torch.package}, {@code .pt2} and
 * distributed checkpoints. Pickles are read inertly ({@code torch.pickle}): no class is resolved and no code runs, so a file
 * from a stranger can do no more than be wrong.
 *
 * <p>Depends on {@code interop.file}, {@code interop.zip} and {@code interop.tensor}. Stable.
 */
@NullMarked
package io.detinit.interop.torch;

import org.jspecify.annotations.NullMarked;
