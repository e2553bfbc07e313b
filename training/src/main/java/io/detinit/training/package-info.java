/** Placeholder text replaced below. */
@NullMarked
package io.detinit.training;

import org.jspecify.annotations.NullMarked;
