/**
 * Adaptive mode of an input node: more than 10 vectors within a window of 128 loops make it poll; fewer than 5 at the
 * end of one send it back to waiting for interrupts.
 *
 * Source: VPP src/vlib/main.c (dispatch_node, polling_threshold_vector_length, interrupt_threshold_vector_length).
 */

/** Main loops of a window. */
export const WINDOW_LOOPS = 128;
/** Vectors in a window above which an input node polls, and below which it waits for interrupts. */
export const POLLING_THRESHOLD = 10;
export const INTERRUPT_THRESHOLD = 5;

/** State of an input node. */
export type InputState = "polling" | "interrupt";

/** A change of state, and the vectors of the window that led to it. */
export interface ModeSwitch {
  readonly to: InputState;
  readonly vectors: number;
  readonly loops: number;
}

/** The window of one thread. */
export class AdaptiveWindow {
  /** Changes of state, for the audit. */
  readonly switches: ModeSwitch[] = [];
  #loops = 0;
  #vectors = 0;

  /** The state after a loop with so many vectors. */
  next(state: InputState, vectors: number): InputState {
    this.#loops++;
    this.#vectors += vectors;
    const [n, loops] = [this.#vectors, this.#loops];
    if (state === "interrupt" && n > POLLING_THRESHOLD) state = this.#switchTo("polling", n, loops);
    else if (loops < WINDOW_LOOPS) return state;
    else if (state === "polling" && n < INTERRUPT_THRESHOLD) {
      state = this.#switchTo("interrupt", n, loops);
    }
    this.#loops = 0;
    this.#vectors = 0;
    return state;
  }

  #switchTo(to: InputState, vectors: number, loops: number): InputState {
    this.switches.push({ to, vectors, loops });
    return to;
  }
}
