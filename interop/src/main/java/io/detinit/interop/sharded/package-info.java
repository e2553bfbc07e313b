/**
 * Checkpoints in several files with an index, as Hugging Face's libraries write them ({@code model.safetensors.index.json},
 * {@code pytorch_model.bin.index.json}), opened and rewritten as one. How a shard is opened is passed in, so this package knows no
 * format; it uses {@code interop.file} and {@code interop.tensor}. Stable.
 */
@NullMarked
package io.detinit.interop.sharded;

import org.jspecify.annotations.NullMarked;
