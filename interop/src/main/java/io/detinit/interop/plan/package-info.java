/**
 * The JSON form detinit-plan/1 of an InitPlan, and the plan assumed where a file carries none. Depends on
 * interop.file, interop.tensor and Jackson. Stable.
 */
@NullMarked
package io.detinit.interop.plan;

import org.jspecify.annotations.NullMarked;
