/**
 * What happens to an application's processes while packets flow: another process on lcore 0 sends each signal, and
 * makes each call, when its time has come.
 */
import type { Cpu, Env } from "../../core/stack.ts";
import type { PfRingProcess } from "./apps.ts";
import type { PfRingEvent } from "./options.ts";
import type { PfRingModule } from "./pf_ring_module.ts";

/**
 * Starts that process; without events there is none.
 * @throws {RangeError} when an event names no process, or comes before the one before it
 */
export function startEvents(
  env: Env,
  events: readonly PfRingEvent[],
  processes: readonly PfRingProcess[],
  module: PfRingModule,
): void {
  if (events.length === 0) return;
  let before = 0;
  for (const { atUs, process } of events) {
    if (!(atUs >= before) || processes[process] === undefined) {
      throw new RangeError(
        `Cannot boot pf_ring: an event at ${atUs} us for process ${process} of ${processes.length}`,
      );
    }
    before = atUs;
  }
  const mhz = env.cost("mhz");
  let next = 0;
  env.spawn(0, "thread", (cpu: Cpu) => {
    // the instant of the deadline may read as the cycle before it
    const now = cpu.tsc() + 1;
    for (; next < events.length && events[next]!.atUs * mhz <= now; next++) {
      const { what, process } = events[next]!;
      const target = processes[process]!;
      if (what === "join" || what === "leave") move(target, module, what);
      else target.signal(cpu, what);
    }
    cpu.sleep();
    if (next < events.length) cpu.wakeAt(events[next]!.atUs * mhz);
    return 1;
  });
}

/** A socket leaves its cluster, or comes back to it. */
function move({ ring }: PfRingProcess, module: PfRingModule, what: "join" | "leave"): void {
  const { socket } = ring;
  const cluster = module.clusters.find(({ id, sockets }) =>
    what === "join" ? socket.clusterId < 0 : id === socket.clusterId && sockets.includes(socket)
  );
  if (cluster === undefined) return;
  if (what === "join") cluster.join(socket);
  else {
    cluster.leave(socket);
    socket.active = false;
  }
  if (what === "join") socket.active = true;
}
