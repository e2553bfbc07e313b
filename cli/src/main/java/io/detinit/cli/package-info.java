/** Placeholder text replaced below. */
@NullMarked
package io.detinit.cli;

import org.jspecify.annotations.NullMarked;
