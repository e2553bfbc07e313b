/** Placeholder text replaced below. */
@NullMarked
package io.detinit.models;

import org.jspecify.annotations.NullMarked;
