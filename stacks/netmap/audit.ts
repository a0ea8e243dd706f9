/** Looks at a router and its rings when a run is over. Knows netmap by its data alone. */
import type { Memory } from "../../core/memory/memory.ts";
import type { Env, Finding } from "../../core/stack.ts";
import type { NetmapHost } from "./host.ts";
import type { NetmapMem } from "./memory.ts";
import type { NetmapRing } from "./ring.ts";
import type { Router } from "./router.ts";
import { RingWatch } from "./watch.ts";

/** An audit of a router. */
export class Audit {
  readonly #env: Env;
  readonly #host: NetmapHost;
  readonly #routers: readonly Router[];
  readonly #watches: RingWatch[] = [];
  #interrupts = 0;
  #movedByInterrupt = "";

  /** Begins to watch; the ports are up already. */
  constructor(env: Env, host: NetmapHost, routers: readonly Router[]) {
    this.#env = env;
    this.#host = host;
    this.#routers = routers;
    for (const { native, tx, rx, port, queue } of host.queues) {
      if (native === null) continue;
      const descriptors = env.hardware.nics[port]!.queues.tx[queue]!;
      this.#watches.push(
        new RingWatch(tx, descriptors, () => native.txDoorbells),
        new RingWatch(rx, null, () => native.rxDoorbells),
      );
    }
  }

  /** An interrupt is being taken: it must leave every ring as it is. */
  interrupt(handler: () => void): void {
    const before = this.#positions();
    handler();
    this.#interrupts++;
    const after = this.#positions();
    if (after !== before) this.#movedByInterrupt ||= `rings were at ${before}, then at ${after}`;
  }

  /** What is to be said of each invariant. */
  findings(): Finding[] {
    const all: Finding[] = [];
    for (const { findings } of this.#watches) {
      for (const [id, broken] of findings) all.push({ id, broken });
    }
    const say = (id: string, broken: string): void => {
      all.push({ id, broken: broken === "" ? null : broken });
    };
    say("NETMAP-5", strayBuffer(this.#host.mem, this.#rings()));
    if (this.#interrupts > 0) say("NETMAP-12", this.#movedByInterrupt);
    // what follows is about rings that are in use
    if (this.#host.detached) return all;
    if (this.#watches.length > 0) say("NETMAP-6", this.#misnamed());
    say("NETMAP-11", this.#overslept());
    if (this.#host.os === null) say("NETMAP-13", this.#copies());
    say("NETMAP-20", this.#unaccounted());
    return all;
  }

  #rings(): NetmapRing[] {
    const ports = [...this.#host.kernel.ports.values()];
    return ports.filter(({ mem }) => mem === this.#host.mem)
      .flatMap((port) => port.krings.map(({ ring }) => ring));
  }

  #positions(): string {
    return this.#host.queues.map(({ tx, rx, native }) =>
      `${tx.hwcur} ${tx.hwtail} ${rx.hwcur} ${rx.hwtail} ${tx.ring.tail} ${rx.ring.tail} ` +
      `${native?.txDoorbells ?? 0} ${native?.rxDoorbells ?? 0}`
    ).join(", ");
  }

  #misnamed(): string {
    for (const { rx, port, queue } of this.#host.queues) {
      const { buffer, size } = this.#env.hardware.nics[port]!.queues.rx[queue]!;
      for (let slot = 0; slot < size; slot++) {
        const descriptor = (slot + size - rx.hwofs) % size;
        const posted = buffer[descriptor]!;
        const named = rx.mem.buffer(rx.ring.bufIdx[slot]!);
        if (posted < 0 || posted === named) continue;
        return `${rx.name}: slot ${slot} has buffer ${named}, descriptor ${descriptor} buffer ${posted}`;
      }
    }
    return "";
  }

  #overslept(): string {
    for (const { rx, native, port, queue } of this.#host.queues) {
      const unread = (rx.ring.tail - rx.ring.head + rx.numSlots) % rx.numSlots;
      if (unread > 0) return `${rx.name} has ${unread} packets and its process sleeps`;
      if (native === null) continue;
      const done = this.#env.hardware.nics[port]!.queues.rx[queue]!.done.indexOf(1);
      if (done >= 0) return `descriptor ${done} of ${rx.name} holds a packet that nobody looked at`;
    }
    return "";
  }

  #copies(): string {
    const { copiedBytes } = this.#env.memory as Memory;
    const { queues, generic } = this.#host;
    let bytes = 0;
    if (generic.length > 0) { for (const { tx, rx } of queues) bytes += tx.bytes + rx.bytes; }
    return copiedBytes === bytes ? "" : `${copiedBytes} bytes were copied, expected ${bytes}`;
  }

  #unaccounted(): string {
    let [received, sent] = [0, 0];
    for (const { rx, tx } of this.#host.queues) {
      received += rx.packets;
      sent += tx.packets;
    }
    let [forwarded, refused] = [0, 0];
    for (const router of this.#routers) {
      forwarded += router.forwarded;
      refused += router.refused;
    }
    if (received === forwarded + refused && sent === forwarded) return "";
    return `${received} packets were received, ${forwarded} forwarded, ${refused} refused, ${sent} sent`;
  }
}

/** Says which buffer index of a region is in no slot and not free, or in more than one place; "" if none is. */
export function strayBuffer(mem: NetmapMem, rings: readonly NetmapRing[]): string {
  const times = new Uint8Array(mem.objtotal);
  for (const { bufIdx } of rings) for (const idx of bufIdx) if (idx < times.length) times[idx]!++;
  for (let idx = 2; idx < times.length; idx++) {
    const found = times[idx]! + (mem.isFree(idx) ? 1 : 0);
    if (found !== 1) return `buffer ${idx} of region ${mem.id} is in ${found} places, expected 1`;
  }
  return "";
}
