/** All planted faults. */
import type { Fault } from "../fault.ts";
import { FIB_FAULTS } from "./fib.ts";

/** Every fault, by class and part. */
export const FAULTS: readonly Fault[] = [...FIB_FAULTS];
