package io.detinit.interop.torch;

/**
 * A tensor that a pickle describes.
 *
 * @param view how it lies in its storage
 * @param parameter whether the pickle says that it is a parameter
 * @param note what is special about it, such as {@code quantised, per tensor}; empty if nothing
 */
record FoundTensor(StorageView view, boolean parameter, String note) {}
