/**
 * A fabric that is late where the choices say so. It stands over another one in runs that ask for faults of the
 * path between hosts and devices, and in no other, so an ordinary run does not pay for it.
 *
 * What may be late: each posted write and each read, by one of the times of `LATE_PS`. Order is kept as the
 * ordering table of PCI Express asks (base specification, 2.4.1): no posted write is visible before an earlier one
 * of its source at the same target, no answer to a read comes before the earlier writes on its path. Reads may
 * pass each other: so answers to different requests come in any order. Back-pressure is that of the fabric beneath.
 *
 * Two values mean something else, for sites of a meaning (`names`): `HELD` at a write-back, which is then visible
 * when the driver has made up its mind and unmasks the vector of its queue, after its last look and before the
 * device hears of it (or after the longest of all times, if it never does); and `LOST` at a doorbell, which never
 * arrives. The first is legal, since nothing bounds how long a write takes. The second is broken hardware.
 *
 * A site's name: what is written and the queue (`rx write-back nic0.1`), or the path (`write nic0>nic2`,
 * `read nic0<host`). Its occurrences are counted from 0.
 */
import type { Choices } from "../time/choices.ts";
import type { Clock } from "../time/clock.ts";
import type { PcieLedger } from "./link/trace.ts";
import {
  type CongestionAccount,
  type CreditAccount,
  type Fabric,
  type FabricGeometry,
  type Fidelity,
  HOST,
  type LinkAccount,
} from "./fabric.ts";

/**
 * How late something may be, in picoseconds, by the value of a deviation: from less than a write takes to more
 * than an interrupt does. 0 is in time.
 */
export const LATE_PS: readonly number[] = [0, 1e5, 5e5, 2e6, 5e6, 2e7, 5e7];
/** Value of a deviation at a write-back: visible when the driver unmasks its vector. */
export const HELD = 7;
/** Value of a deviation at a doorbell: it never arrives. */
export const LOST = 7;
const VALUES = 8;
const LONGEST_PS = Math.max(...LATE_PS);

/** What a write with a certain handler means. */
export interface WriteMeaning {
  /** Name of its site, before the queue. */
  readonly kind: "rx write-back" | "tx write-back" | "rx doorbell" | "tx doorbell" | "unmask";
  /** Name of the NIC. */
  readonly nic: string;
  /** The queue that an argument of the handler names. */
  readonly queueOf: (arg: number) => number;
}

/** Where the choices are asked for operations of one handler, argument or path. */
interface Site {
  readonly meaning: WriteMeaning | undefined;
  readonly queue: string;
  readonly number: number;
}

/** One operation on its way. */
interface Slot {
  isWrite: boolean;
  src: number;
  dst: number;
  handler: number;
  arg: number;
  /** When what it may not pass is visible. */
  after: number;
}

/**
 * A fabric whose operations may be late; each costs what it costs beneath, and constant time.
 *
 * @example
 * ```ts
 * import { Choices, Clock, createFabric, LATE_PS, LateFabric } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { assertEquals } from "@std/assert";
 *
 * const [clock, choices] = [new Clock(), new Choices()];
 * const late = new LateFabric(clock, choices, 2);
 * late.over(createFabric("coarse", clock, machineProfile(paperHost).fabric, 2));
 * late.reset(2, { headerCredits: 8, dataCredits: 64, mps: 256, mrrs: 512 });
 * choices.reset([{ site: "write nic0>nic1", occurrence: 0, value: 4 }]);
 * const landed: number[] = [];
 * const handler = clock.register((n) => landed.push(n, clock.now));
 * late.write(1, 2, 64, handler, 0);
 * late.write(1, 2, 64, handler, 1);
 * clock.run({ horizonPs: 1e9, events: 100 });
 * // the first is 5 us late, and the second does not pass it
 * assertEquals([landed[0], landed[2], landed[1]! > LATE_PS[4]!, landed[3]! - landed[1]!], [0, 1, true, 1]);
 * ```
 */
export class LateFabric implements Fabric {
  /** See {@link Fabric}; there where the fabric beneath can lose. */
  loseBeyond: Fabric["loseBeyond"] | undefined = undefined;
  readonly #clock: Clock;
  readonly #choices: Choices;
  readonly #nodes: number = 0;
  #beneath: Fabric | null = null;
  readonly #slots: Slot[] = [];
  readonly #free: number[] = [];
  /** When the last write of a pair is visible: `src * nodes + dst`. */
  readonly #visibleAt: Float64Array = new Float64Array(0);
  readonly #meanings = new Map<number, WriteMeaning>();
  /** The write-back that waits for the vector of a queue to be unmasked: its slot, by NIC and queue. */
  readonly #held = new Map<string, number>();
  readonly #sites = new Map<number, Site>();
  readonly #arrived: number = 0;
  readonly #due: number = 0;

  /** For at most `maxDevices` devices; `over` says what it stands on. */
  constructor(clock: Clock, choices: Choices, maxDevices: number) {
    this.#clock = clock;
    this.#choices = choices;
    this.#nodes = maxDevices + 1;
    this.#visibleAt = new Float64Array(this.#nodes * this.#nodes).fill(-1);
    this.#arrived = clock.register((slot) => this.#arrive(slot));
    this.#due = clock.register((slot) => this.#finish(slot));
  }

  /** Stands on another fabric from now on; `reset` comes next. */
  over(beneath: Fabric): void {
    this.#beneath = beneath;
    this.loseBeyond = undefined;
    if (beneath.loseBeyond !== undefined) {
      this.loseBeyond = (bytes, lost) =>
        beneath.loseBeyond!(bytes, (_, slot) => {
          const { handler, arg } = this.#slots[slot]!;
          this.#free.push(slot);
          lost(handler, arg);
        });
    }
  }

  /** Says what writes with a handler of the clock mean; for ever. */
  names(handler: number, meaning: WriteMeaning): void {
    this.#meanings.set(handler, meaning);
  }

  /** That of the fabric beneath. */
  get fidelity(): Fidelity {
    return this.#beneath!.fidelity;
  }

  /** Posted write; see {@link Fabric}. */
  write(
    src: number,
    dst: number,
    bytes: number,
    handler: number,
    arg: number,
    address?: number,
  ): void {
    const meaning = this.#meanings.get(handler);
    if (meaning?.kind === "unmask") this.#release(`${meaning.nic}.${meaning.queueOf(arg)}`);
    const slot = this.#take({ isWrite: true, src, dst, handler, arg, after: -1 });
    this.#beneath!.write(src, dst, bytes, this.#arrived, slot, address);
  }

  /** Read; see {@link Fabric}. */
  read(
    src: number,
    dst: number,
    bytes: number,
    handler: number,
    arg: number,
    address?: number,
  ): void {
    const slot = this.#take({ isWrite: false, src, dst, handler, arg, after: -1 });
    this.#beneath!.read(src, dst, bytes, this.#arrived, slot, address);
  }

  #take(operation: Slot): number {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = operation;
    return slot;
  }

  /** The fabric beneath has done its part. */
  #arrive(slot: number): void {
    const { isWrite, src, dst } = this.#slots[slot]!;
    const { meaning, queue, number } = this.#siteOf(this.#slots[slot]!);
    const value = this.#choices.pick(number, VALUES);
    const isLast = value === VALUES - 1;
    if (isLast && (meaning?.kind === "rx doorbell" || meaning?.kind === "tx doorbell")) {
      this.#free.push(slot);
      return;
    }
    const { now } = this.#clock;
    const pair = src * this.#nodes + dst;
    let at = now + (isLast ? LONGEST_PS : LATE_PS[value]!);
    let after = this.#visibleAt[pair]!;
    // what a target answers does not pass what it has written; a doorbell is late before it is on that path
    if (!isWrite && dst !== HOST) {
      after = Math.max(after, this.#visibleAt[dst * this.#nodes + src]!);
    }
    // later by a picosecond, since choices may reorder what happens at one instant
    if (at <= after) at = after + 1;
    if (isWrite) this.#visibleAt[pair] = at;
    if (at === now) return this.#finish(slot);
    if (isLast && (meaning?.kind === "rx write-back" || meaning?.kind === "tx write-back")) {
      this.#release(queue);
      this.#slots[slot]!.after = after;
      this.#held.set(queue, slot);
    }
    this.#clock.at(at, this.#due, slot);
  }

  #siteOf({ isWrite, src, dst, handler, arg }: Slot): Site {
    const meaning = this.#meanings.get(handler);
    const key = meaning === undefined
      ? -1 - ((src * this.#nodes + dst) * 2 + (isWrite ? 1 : 0))
      : handler * 65_536 + meaning.queueOf(arg);
    let site = this.#sites.get(key);
    if (site === undefined) {
      const queue = meaning === undefined ? "" : `${meaning.nic}.${meaning.queueOf(arg)}`;
      const name = meaning === undefined
        ? `${isWrite ? "write" : "read"} ${nodeName(src)}${isWrite ? ">" : "<"}${nodeName(dst)}`
        : `${meaning.kind} ${queue}`;
      site = { meaning, queue, number: this.#choices.site(name) };
      this.#sites.set(key, site);
    }
    return site;
  }

  /** The write-back that is held for a queue is visible now; its own event will find nothing. */
  #release(queue: string): void {
    const slot = this.#held.get(queue);
    if (slot === undefined) return;
    this.#held.delete(queue);
    const { handler, arg, after } = this.#slots[slot]!;
    this.#slots[slot]!.handler = -1;
    this.#clock.at(Math.max(this.#clock.now, after + 1), handler, arg);
  }

  #finish(slot: number): void {
    const { handler, arg } = this.#slots[slot]!;
    for (const [queue, held] of this.#held) if (held === slot) this.#held.delete(queue);
    this.#free.push(slot);
    if (handler >= 0) this.#clock.dispatch(handler, arg);
  }

  /** Whether the fabric beneath has room. */
  room(src: number): boolean {
    return this.#beneath!.room(src);
  }

  /** Registers what to schedule, with argument `src`, when room comes back to a refused source. */
  onRoom(src: number, handler: number): void {
    this.#beneath!.onRoom(src, handler);
  }

  /**
   * Empties the fabric; see {@link Fabric}.
   * @throws {RangeError} naming a size that is out of range
   */
  reset(devices: number, geometry: FabricGeometry, choices: Choices | null = null): void {
    this.#beneath!.reset(devices, geometry, choices);
    this.#slots.length = 0;
    this.#free.length = 0;
    this.#visibleAt.fill(-1);
    this.#held.clear();
  }

  /** Bytes that crossed each link direction so far. */
  links(): LinkAccount[] {
    return this.#beneath!.links();
  }

  /** Whether the fabric beneath waits for nothing. */
  get isQuiet(): boolean {
    return this.#beneath!.isQuiet ?? true;
  }

  /** That of the fabric beneath, if it keeps one. */
  ledger(): PcieLedger | null {
    return this.#beneath!.ledger?.() ?? null;
  }

  /** The credit ledger of the fabric beneath. */
  credits(at: number): CreditAccount[] {
    return this.#beneath!.credits(at);
  }

  /** How full the switch of the fabric beneath was; all zero where it has none. */
  congestion(): CongestionAccount {
    return this.#beneath!.congestion?.() ??
      { peakBytes: 0, poolBytes: 0, lostTlps: 0, stalledPs: [] };
  }
}

function nodeName(node: number): string {
  return node === HOST ? "host" : `nic${node - 1}`;
}
