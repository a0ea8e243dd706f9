/** Opens the interfaces of a program and their queues (odp_l2fwd's create_pktio and bind_queues). */
import type { Port } from "../../core/stack.ts";
import type { Odp } from "./odp.ts";
import type { OdpInterfaceOptions } from "./options.ts";
import type { Pktio } from "./pktio.ts";
import { PktioDpdk, Pollers } from "./pktio_dpdk.ts";
import { PktioLoop } from "./pktio_loop.ts";
import { PktioPcap } from "./pktio_pcap.ts";
import { PktioSocket } from "./pktio_socket.ts";
import { PktoutQueue } from "./pktio.ts";
import type { OdpSync } from "./queue.ts";

/**
 * Opens what the options name, by default a dpdk interface on each port, and behind them the loop interface if the
 * classifier has a class for it.
 * @throws {RangeError} when the machine has not the ports
 */
export function openInterfaces(odp: Odp): void {
  const { env, settings } = odp;
  const wanted: readonly OdpInterfaceOptions[] = settings.interfaces ??
    env.ports.map(({ id }): OdpInterfaceOptions => ({ type: "dpdk", port: id }));
  const isScheduled = settings.mode !== "direct" && settings.mode !== "queue";
  const pollers = isScheduled && env.lcores > 1 ? new Pollers(odp.scheduler.rings.threads) : null;
  for (const one of wanted) odp.pktios.push(open(odp, one, pollers));
  if (settings.classifier?.loopDefaultCos !== undefined) {
    odp.loop = odp.pktios.length;
    odp.pktios.push(new PktioLoop(odp, odp.loop));
  }
  for (const pktio of odp.pktios) {
    // of a driver each thread has a queue of its own, unless several send what has to keep its order
    const own = pktio.type === "dpdk" && !isScheduled;
    for (let q = 0; q < (own ? env.lcores : 1); q++) pktio.pktout.push(new PktoutQueue(!own));
    if (settings.mode === "direct") continue;
    for (let q = 0; q < pktio.pktinQueues; q++) bindInput(odp, pktio, q, isScheduled);
  }
}

function open(odp: Odp, wanted: OdpInterfaceOptions, pollers: Pollers | null): Pktio {
  const index = odp.pktios.length;
  switch (wanted.type) {
    case "dpdk":
      return new PktioDpdk(odp, index, portOf(odp, wanted.port), pollers);
    case "socket":
      return new PktioSocket(odp, index, portOf(odp, wanted.port), pollers);
    case "pcap":
      return new PktioPcap(odp, index, wanted.in ?? [], wanted.out ?? []);
    case "loop":
      return new PktioLoop(odp, index, wanted.frames);
  }
}

function portOf({ env }: Odp, port: number): Port {
  const found = env.ports[port];
  if (found !== undefined) return found;
  throw new RangeError(`Cannot open port ${port}: the machine has ${env.ports.length}`);
}

/** The event queue of an input queue, which is in the scheduler's rings for good. */
function bindInput(odp: Odp, pktio: Pktio, q: number, isScheduled: boolean): void {
  const name = `pktin ${pktio.name} ${q}`;
  const { mode } = odp.settings;
  const queue = odp.queueCreate(isScheduled ? { name, sync: mode as OdpSync } : { name });
  queue.pktin = pktio;
  queue.pktinQueue = q;
  if (isScheduled) odp.scheduler.start(queue);
}
