/** How a stack is put on a machine: what may be told to a testbed. */
import type { Fib4 } from "../fib/fib.ts";
import type { Maxima } from "../nic/nic.ts";

/** How a stack is put on a machine. */
export interface TestbedOptions {
  /** Name in reports; by default the stack's own. */
  readonly name?: string;
  /**
   * Sizes that the machine is built for. By default `DRAWN_MAXIMA`, and `SCENARIO_MAXIMA` from the
   * first scenario on that these do not hold; to be given for stacks that set device memory of their own aside.
   */
  readonly maxima?: Maxima;
  /** Whether empty polls of stacks that allow it are skipped; true by default. */
  readonly skipIdlePolls?: boolean;
  /** A table that is filled already and stands for the routes of every scenario. */
  readonly fib?: Fib4;
  /** Virtual time after the last arrival when a run that is not quiet is given up; 2 ms by default. */
  readonly patiencePs?: number;
}
