/**
 * The thread of the Traffic Manager: one for all systems, in a busy loop on an lcore. A turn takes a burst from one
 * work ring, or sends one packet; a system has its turn after the others.
 */
import type { Context } from "../../core/host/context.ts";
import type { Cpu } from "../../core/stack.ts";
import type { Odp } from "./odp.ts";
import { TmSystem } from "./tm_system.ts";

/** Starts the thread on an lcore, and a system before each interface that packets leave by. */
export function startTm(odp: Odp, lcore: number): void {
  const systems = odp.pktios
    .filter(({ index }) => index !== odp.loop)
    .map((pktio) => odp.tm[pktio.index] = new TmSystem(odp, pktio, odp.settings.tm ?? {}));
  let next = 0;
  const thread = odp.env.spawn(lcore, "thread", (cpu: Cpu): number => {
    for (let i = 0; i < systems.length; i++) {
      const at = (next + i) % systems.length;
      const system = systems[at]!;
      const moved = system.input(cpu) + system.egress(cpu);
      if (moved === 0) continue;
      next = (at + 1) % systems.length;
      return moved;
    }
    cpu.charge(odp.costs["tm.idle"]);
    const ps = Math.min(...systems.map(({ nextPs }) => nextPs));
    if (ps !== Infinity) cpu.wakeAt(Math.ceil(ps / (cpu as Context).home.psPerCycle));
    return 0;
  }, true);
  for (const system of systems) system.thread = thread;
}
