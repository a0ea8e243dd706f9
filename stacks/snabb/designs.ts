/** Sample networks: each configures the engine of one process, as the `run` of a program does. */
import { Intel, pciaddrOf } from "./apps/intel_mp.ts";
import { Receiver, Transmitter } from "./apps/interlink_apps.ts";
import { Router } from "./apps/router.ts";
import type { SnabbConfig } from "./config.ts";
import type { SnabbModules } from "./modules.ts";

/**
 * All ports, with the queue pair of the process's own number, around a router: what `snabb` runs by default.
 *
 * @example
 * ```ts
 * import { snabb, snabbDesigns } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const slow = snabb({
 *   design(process) {
 *     process.engine.Hz = 10_000;
 *     snabbDesigns.router(process);
 *   },
 * });
 * assertEquals(slow.policy!.congestion, ["rx-missed", "ring-full"]);
 * ```
 */
export const snabbDesigns: {
  /** One process for each queue, all alike: RSS shares the work out. */
  readonly router: (process: SnabbModules) => void;
  /** As `router`, but what one process receives and routes, the next one sends: interlinks join them in a ring. */
  readonly relay: (process: SnabbModules) => void;
} = {
  router(process) {
    const { config, engine, env } = process;
    const c = config.new();
    config.app(c, "router", Router);
    for (const { port } of env.hardware.nics) {
      nic(process, c, port);
      config.link(c, `router.nic${port} -> nic${port}.input`);
    }
    engine.configure(c);
  },

  relay(process) {
    const { config, engine, env, pid, linkSize } = process;
    const c = config.new();
    config.app(c, "router", Router);
    const before = (pid + env.lcores - 1) % env.lcores;
    for (const { port } of env.hardware.nics) {
      nic(process, c, port);
      config.app(c, `to${port}`, Transmitter, { queue: `${pid}/nic${port}`, size: linkSize });
      config.app(c, `from${port}`, Receiver, { queue: `${before}/nic${port}`, size: linkSize });
      config.link(c, `router.nic${port} -> to${port}.input`);
      config.link(c, `from${port}.output -> nic${port}.input`);
    }
    engine.configure(c);
  },
};

/** A port and its link to the router. */
function nic({ config }: SnabbModules, c: SnabbConfig, port: number): void {
  config.app(c, `nic${port}`, Intel, { pciaddr: pciaddrOf(port) });
  config.link(c, `nic${port}.output -> router.nic${port}`);
}
