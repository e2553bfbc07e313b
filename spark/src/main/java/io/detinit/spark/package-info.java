/**
 * Audits of checkpoints that outgrow one machine, on Apache Spark. Depends on interop, the generator and Spark; nothing depends on it.
 * Its commands are stable, its classes are not yet.
 */
@NullMarked
package io.detinit.spark;

import org.jspecify.annotations.NullMarked;
