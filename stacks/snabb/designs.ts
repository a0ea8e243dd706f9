/** Sample networks: each configures the engine of one process, as the `run` of a program does. */
import { Intel, pciaddrOf } from "./apps/intel_mp.ts";
import { Router } from "./apps/router.ts";
import type { SnabbProcess } from "./process.ts";

/** All ports, with the queue pair of the process's own number, around a router. */
export function routerDesign({ config, engine, env }: SnabbProcess): void {
  const c = config.new();
  config.app(c, "router", Router);
  for (const { port } of env.hardware.nics) {
    config.app(c, `nic${port}`, Intel, { pciaddr: pciaddrOf(port) });
    config.link(c, `nic${port}.output -> router.nic${port}`);
    config.link(c, `router.nic${port} -> nic${port}.input`);
  }
  engine.configure(c);
}
