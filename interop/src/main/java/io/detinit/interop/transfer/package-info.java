/**
 * Masks found on one file, applied to another file of the same model that names, lays out or stores its weights otherwise. Every match
 * is confirmed by the weights themselves. Depends on mask, audit, parameter and tensor. Stable.
 */
@NullMarked
package io.detinit.interop.transfer;

import org.jspecify.annotations.NullMarked;
