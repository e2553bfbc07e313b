/**
 * NumPy's formats: {@code .npy}, one array, versions 1.0 to 3.0, and {@code .npz}, a zip of them (the NumPy Enhancement Proposal 1
 * and {@code numpy/lib/_format_impl.py}). Nothing here is unpickled. Uses {@code interop.file}, {@code interop.tensor} and
 * {@code interop.zip}; knows no other format. Stable.
 */
@NullMarked
package io.detinit.interop.numpy;

import org.jspecify.annotations.NullMarked;
