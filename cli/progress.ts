/** Progress on a terminal, drawn on standard error. */
import { Presets, SingleBar } from "cli-progress";
import type { Progress } from "./io.ts";

/**
 * A bar on standard error. It must not catch signals: a listener would be heard only after the computation, and
 * until then Ctrl-C would do nothing.
 */
export function terminalProgress(): Progress {
  const bar = new SingleBar({
    format: "{bar} {value}/{total} {what}",
    barsize: 24,
    clearOnComplete: true,
    hideCursor: false,
    // The bar would turn wrapping off, and Ctrl-C would leave the terminal so.
    linewrap: true,
    gracefulExit: false,
  }, Presets.legacy);
  let done = -1;
  return {
    start(steps) {
      bar.start(steps, 0, { what: "" });
    },
    step(what) {
      done++;
      bar.update(done, { what });
      // Computing holds up the timer that draws.
      bar.render();
    },
    stop() {
      bar.stop();
    },
  };
}
