/** Where a command writes: given by the caller, so that tests run commands inside their own process. */

/** Shows how far a long command is. */
export interface Progress {
  /** Begins with this many steps ahead. */
  start(steps: number): void;
  /** The step named begins; those before it are done. */
  step(what: string): void;
  /** Ends, whether all is done or not, and clears what was drawn. */
  stop(): void;
}

/** The outputs of a command. */
export interface Io {
  /** Writes to standard output. */
  stdout(text: string): void;
  /** Writes to standard error. */
  stderr(text: string): void;
  /** Present when somebody is watching, i.e. standard error is a terminal. */
  readonly progress?: Progress;
}

/** Progress that nobody watches. */
export const SILENT: Progress = { start() {}, step() {}, stop() {} };
