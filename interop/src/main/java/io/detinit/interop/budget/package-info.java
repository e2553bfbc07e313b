/**
 * How much of a model can be pruned before it does worse: the largest sparsity within a budget of accuracy, and what pruning each
 * layer by itself costs. Candidates are scored in ONNX Runtime inside this process. Depends on mask, prune, verify, parameter and
 * onnx; nothing in interop depends on it. Stable.
 */
@NullMarked
package io.detinit.interop.budget;

import org.jspecify.annotations.NullMarked;
