/**
 * DJL initializers that know the address of every weight, seeding of whole blocks, stable parameter names, and reference
 * blocks. Depends on the generator and DJL's api. Stable.
 */
@NullMarked
package io.detinit.models;

import org.jspecify.annotations.NullMarked;
