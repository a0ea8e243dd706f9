/**
 * The type of what draws scenarios. An alias, marked internal: its documentation is fast-check's own, and
 * re-exporting the class would make all that the class refers to part of this package's.
 */
import type * as fc from "fast-check";

/**
 * Draws values of type `T` and makes simpler ones of them: `Arbitrary` of fast-check.
 *
 * @internal
 */
export type Arbitrary<T> = fc.Arbitrary<T>;
