/**
 * VALE: a learning switch whose ports are netmap ports, each in a region of its own. The sender's NIOCTXSYNC, or its
 * poll, runs the switch: it looks up where each packet goes, then, for each destination, takes a lease of slots of the
 * destination's receive ring, copies, and publishes in the order of the leases. A packet is copied once for each
 * destination, whatever the regions: what a receiver has, no sender can write any more.
 *
 * A destination that has no room loses what does not fit, without a word to the sender, whose slots are free
 * again in any case; other destinations are not held up. A packet of several slots goes whole or not at all.
 *
 * Source: netmap sys/dev/netmap/netmap_vale.c, nm_vale_preflush, nm_vale_flush; vale(4).
 */
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { CopyCosts } from "./copy.ts";
import type { NetmapKring } from "./kring.ts";
import { NetmapError } from "./errors.ts";
import { BROADCAST, ValeTable } from "./vale_table.ts";
import { type Batch, ValeBatch } from "./vale_batch.ts";
import type { ValePort } from "./vale_port.ts";

/** Most ports of a switch (NM_BDG_MAXPORTS). */
export const NM_BDG_MAXPORTS = 254;

/** Cycles of the switch. */
export interface ValeCosts extends CopyCosts {
  /** A packet: prefetch, hash, look-up, place in the list of its destination. */
  readonly valePacket: number;
  /** A destination of a batch: lock, lease, unlock, and the same to publish. */
  readonly valeLease: number;
}

/** A switch, `vale0`. */
export class Vale {
  readonly name: string;
  readonly table: ValeTable = new ValeTable();
  readonly ports: (ValePort | null)[] = [];
  readonly #env: Env;
  readonly #costs: ValeCosts;
  readonly #batchMax: number;
  readonly #batch: ValeBatch;

  /** @param batch most slots that one pass looks up [dev.netmap.bridge_batch] */
  constructor(env: Env, name: string, costs: ValeCosts, batch = 1024) {
    this.name = name;
    this.#env = env;
    this.#costs = costs;
    this.#batchMax = batch;
    this.#batch = new ValeBatch(batch);
  }

  /**
   * Attaches a port: its rings become those of the switch.
   * @throws {NetmapError} ENOMEM when the switch is full
   */
  attach(port: ValePort): void {
    let at = this.ports.indexOf(null);
    if (at < 0) at = this.ports.length;
    if (at >= NM_BDG_MAXPORTS) {
      throw new NetmapError("ENOMEM", `Cannot attach ${port.adapter.name}: ${this.name} is full`);
    }
    this.ports[at] = port;
    port.number = at;
    for (const kring of port.adapter.txRings) {
      kring.sync = (cpu, kring) => this.#txsync(cpu, port, kring);
    }
  }

  /** Detaches a port; what leads to it is forgotten. */
  detach(port: ValePort): void {
    this.ports[port.number] = null;
    this.table.forget(port.number);
    for (const kring of port.adapter.txRings) {
      kring.sync = (_, kring) => (consume(kring, kring.rhead), true);
    }
  }

  /** The sender's sync: looks up and copies now, publishes in the next body. */
  #txsync(cpu: Cpu, source: ValePort, kring: NetmapKring): boolean {
    if (kring.rhead === kring.hwcur) return true;
    const batch = this.#batch;
    let at = kring.hwcur;
    while (at !== kring.rhead) {
      const end = batch.gather(kring, at, kring.rhead);
      if (end < 0) return false;
      // an unfinished packet of several slots waits for its last one
      if (end === at) break;
      cpu.charge(batch.count * this.#costs.valePacket);
      for (let i = 0; i < batch.count; i++) batch.destination[i] = this.#lookup(batch, i, source);
      this.#deliver(cpu, source, kring);
      this.#settle(cpu, source);
      kring.packets += batch.count;
      at = end;
      if (batch.count < this.#batchMax) break;
    }
    consume(kring, at);
    kring.publish = (cpu) => this.#publish(cpu, source);
    return true;
  }

  #lookup(batch: Batch, i: number, source: ValePort): number {
    const { bytes, offset } = this.#env.memory;
    const at = offset[batch.buffer[i]!]!;
    return this.table.lookup(bytes, at, source.number, batch.flags[i]!);
  }

  /** Pass 2: destination after destination, unicast and broadcast packets in the order in which they came. */
  #deliver(cpu: Cpu, source: ValePort, kring: NetmapKring): void {
    const batch = this.#batch;
    for (const port of this.ports) {
      if (port === null || port === source) continue;
      // broadcast goes to ring 0, unicast to the ring of the sender's number
      const needed = batch.slotsFor(port.number);
      if (needed === 0) continue;
      const ring = batch.hasBroadcast ? 0 : kring.ringId % port.adapter.rxRings.length;
      cpu.charge(this.#costs.valeLease + port.fill(batch, ring, source, needed, this.#costs));
    }
  }

  /** What no destination took meets its fate here: there is no counter for it. */
  #settle(cpu: Cpu, source: ValePort): void {
    const batch = this.#batch;
    for (let i = 0; i < batch.count; i++) {
      if (batch.copies[i]! > 0) continue;
      const b = batch.buffer[i]!;
      source.lost++;
      const to = batch.destination[i]!;
      const full = to === BROADCAST ? null : this.ports[to] ?? null;
      if (full === null || full === source) this.#env.end(cpu, b, REASON.other);
      else this.#env.end(cpu, b, REASON["ring-full"], full.place, full.capacity);
    }
  }

  #publish(cpu: Cpu, source: ValePort): void {
    for (const port of this.ports) {
      if (port !== null && port.publish(cpu, source)) cpu.charge(this.#costs.valeLease);
    }
  }
}

/** The slots before `to` have been handed over; all are free again. */
function consume(kring: NetmapKring, to: number): void {
  kring.hwcur = to;
  kring.hwtail = kring.prev(to);
}
