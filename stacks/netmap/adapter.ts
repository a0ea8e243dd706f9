/**
 * A port under netmap (struct netmap_adapter): its rings, the memory region that they lie in, and how a process gets
 * hold of them. All queues in netmap mode are the device's own; the driver's normal path gets nothing of them.
 *
 * Source: netmap sys/dev/netmap/netmap.c, netmap_krings_create, netmap_do_regif.
 */
import type { NetmapCosts } from "./costs.ts";
import { NetmapError } from "./errors.ts";
import { NetmapFd, type OpenFlags } from "./fd.ts";
import { NetmapKring, NKR_EXCLUSIVE } from "./kring.ts";
import type { NetmapMem } from "./memory.ts";

/** Which rings of a port. */
export interface RingSelection {
  /** One ring pair, `netmap:eth0-2`; absent, all of the device. */
  readonly ring?: number;
  /** Rings of the device; true. */
  readonly nic?: boolean;
  /** The rings towards the operating system, `netmap:eth0^`, with `nic` `netmap:eth0*`; false. */
  readonly sw?: boolean;
}

/** A port. */
export class NetmapAdapter {
  readonly name: string;
  readonly mem: NetmapMem;
  readonly txRings: NetmapKring[] = [];
  readonly rxRings: NetmapKring[] = [];
  /** Rings towards the operating system, if the port has some. */
  readonly hostTx: NetmapKring[] = [];
  readonly hostRx: NetmapKring[] = [];
  /** Descriptors that are open (active_fds). */
  activeFds = 0;
  /** Told when the first descriptor has been opened, and the last closed (nm_register). */
  onRegister: ((on: boolean) => void) | null = null;
  readonly #costs: NetmapCosts;

  constructor(name: string, mem: NetmapMem, costs: NetmapCosts) {
    this.name = name;
    this.mem = mem;
    this.#costs = costs;
  }

  /** All rings. */
  get krings(): NetmapKring[] {
    return [...this.txRings, ...this.rxRings, ...this.hostTx, ...this.hostRx];
  }

  /**
   * Makes a pair of rings.
   * @throws {NetmapError} ENOMEM when the region cannot hold them
   */
  addPair(
    slots: { tx: number; rx: number },
    hwofs = 0,
    host = false,
  ): { tx: NetmapKring; rx: NetmapKring } {
    const [txs, rxs] = host ? [this.hostTx, this.hostRx] : [this.txRings, this.rxRings];
    const id = txs.length;
    const mark = host ? "^" : "";
    const make = (tx: boolean): NetmapKring => {
      const ring = this.mem.ringNew(tx ? slots.tx : slots.rx);
      const name = `${this.name}${mark} ${tx ? "TX" : "RX"}${id}`;
      return new NetmapKring(name, tx, id, this.mem, ring, hwofs);
    };
    const tx = make(true);
    let rx: NetmapKring;
    try {
      rx = make(false);
    } catch (error) {
      this.mem.ringDelete(tx.ring);
      throw error;
    }
    txs.push(tx);
    rxs.push(rx);
    return { tx, rx };
  }

  /**
   * Binds a descriptor to rings of the port (NIOCREGIF).
   * @throws {NetmapError} EINVAL for rings that it has not, EBUSY where somebody wants or has them for himself
   */
  open(rings: RingSelection = {}, flags: OpenFlags = {}): NetmapFd {
    const { ring, nic = rings.sw !== true, sw = false } = rings;
    const of = (all: NetmapKring[]): NetmapKring[] => {
      if (ring === undefined) return all;
      const one = all[ring];
      if (one !== undefined) return [one];
      throw new NetmapError(
        "EINVAL",
        `Cannot open ring ${ring} of ${this.name}: it has ${all.length}`,
      );
    };
    const tx = [...nic ? of(this.txRings) : [], ...sw ? this.hostTx : []];
    const rx = [...nic ? of(this.rxRings) : [], ...sw ? this.hostRx : []];
    if (tx.length === 0) throw new NetmapError("EINVAL", `Cannot open ${this.name}: no such rings`);
    for (const kring of [...tx, ...rx]) {
      const taken = (kring.kflags & NKR_EXCLUSIVE) !== 0;
      if (!taken && !(flags.exclusive === true && kring.users > 0)) continue;
      throw new NetmapError("EBUSY", `Cannot open ${kring.name}: somebody has it open`);
    }
    this.mem.ifNew();
    if (this.activeFds++ === 0) this.onRegister?.(true);
    return new NetmapFd(tx, rx, this.#costs, flags, () => {
      this.mem.ifDelete();
      if (--this.activeFds === 0) this.onRegister?.(false);
    });
  }

  /** Gives all rings back to the region; nobody may have them open. */
  destroy(): void {
    for (const kring of this.krings) this.mem.ringDelete(kring.ring);
    for (const list of [this.txRings, this.rxRings, this.hostTx, this.hostRx]) list.length = 0;
  }
}
