/**
 * PyTorch's default initialisation on the CPU, replayed bit for bit without PyTorch.
 *
 * <p>{@link io.detinit.generator.torch.TorchModules} says which tensors a module draws, in which order and from which
 * interval; {@link io.detinit.generator.torch.TorchReplay} places them on the stream of {@code torch.manual_seed(seed)};
 * {@link io.detinit.generator.torch.TorchInit} is one placed tensor and can be regenerated alone. A <em>draw</em> is one
 * 32-bit output of the Mersenne Twister; positions on the stream are counted in draws from 0. The facts, and what is not
 * replayable, are in {@code docs/torch-replay.md}.
 *
 * <p>PyTorch's values depend on how its kernels were compiled ({@link io.detinit.generator.torch.TorchKernels}); a file does
 * not say which, so a reader tries both.
 *
 * <p>Depends on the JDK and {@code io.detinit.generator} alone. {@link io.detinit.generator.torch.Mt19937} and
 * {@link io.detinit.generator.torch.TorchGenerator} carry a position and {@link io.detinit.generator.torch.TorchModule.Builder}
 * collects steps: each belongs to one thread. Everything else public here is immutable and safe for use by many threads.
 */
@NullMarked
package io.detinit.generator.torch;

import org.jspecify.annotations.NullMarked;
