/** Data sets. */
@NullMarked
package io.detinit.training.data;

import org.jspecify.annotations.NullMarked;
