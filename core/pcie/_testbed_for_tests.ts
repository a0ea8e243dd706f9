// What the tests of this folder share: a profile, a geometry, and sources that make listed operations in
// order, each as soon as the fabric has room and its time has come. Every completion is recorded.
import { Clock } from "../time/clock.ts";
import { CoarseFabric } from "./coarse.ts";
import type { Fabric, FabricGeometry, FabricProfile, Fidelity } from "./fabric.ts";
import { LinkFabric } from "./link/fabric.ts";
import { TlpFabric, type TlpLimits } from "./tlp.ts";

export const PROFILE: FabricProfile = {
  deviceLinkGbps: 57.88,
  hostLinkGbps: 115.76,
  writeOverheadBytes: 24,
  readOverheadBytes: 24,
  completionOverheadBytes: 20,
  rcbBytes: 64,
  switchPs: 150_000,
  hostWritePs: 100_000,
  hostReadPs: 400_000,
  deviceWritePs: 110_000,
  deviceReadPs: 250_000,
  updateFcPs: 30_000,
  windowPs: 1_000_000,
};

export const GEOMETRY: FabricGeometry = {
  headerCredits: 127,
  dataCredits: 2047,
  mps: 256,
  mrrs: 512,
};

/** One header and one MPS of data for each class: the least that a receiver may advertise. */
export function smallest(mps: number, mrrs: number): FabricGeometry {
  return { headerCredits: 1, dataCredits: mps / 16, mps, mrrs };
}

export interface Operation {
  readonly kind: "write" | "read";
  readonly src: number;
  readonly dst: number;
  readonly bytes: number;
  /** Not before this time. */
  readonly at?: number;
}

export class Testbed {
  readonly clock = new Clock();
  readonly fabric: Fabric;
  /** By operation: how often its handler ran, when last, and the order in which handlers ran. */
  calls: Uint32Array = new Uint32Array(0);
  doneAt: Float64Array = new Float64Array(0);
  order: number[] = [];
  refusals = 0;
  #lists: { ops: readonly Operation[]; numbers: readonly number[]; next: number }[] = [];
  readonly #done: number = 0;
  readonly #go: number = 0;
  readonly #devices: number = 0;

  constructor(
    fidelity: Fidelity,
    devices: number,
    profile: FabricProfile = PROFILE,
    limits?: TlpLimits,
  ) {
    this.#devices = devices;
    this.fabric = fidelity === "tlp"
      ? new TlpFabric(this.clock, profile, devices, limits)
      : fidelity === "link"
      ? new LinkFabric(this.clock, profile, devices)
      : new CoarseFabric(this.clock, profile, devices);
    this.#done = this.clock.register((op) => {
      this.calls[op]!++;
      this.doneAt[op] = this.clock.now;
      this.order.push(op);
    });
    this.#go = this.clock.register((src) => this.#issue(src));
    for (let node = 0; node <= devices; node++) this.fabric.onRoom(node, this.#go);
  }

  #issue(src: number): void {
    const list = this.#lists[src]!;
    while (list.next < list.numbers.length) {
      const number = list.numbers[list.next]!;
      const { kind, dst, bytes, at = 0 } = list.ops[number]!;
      if (at > this.clock.now) return this.clock.at(at, this.#go, src);
      if (!this.fabric.room(src)) {
        this.refusals++;
        return;
      }
      list.next++;
      this.fabric[kind](src, dst, bytes, this.#done, number);
    }
  }

  /** Resets everything and runs the operations until nothing happens any more; `begin` comes in between. */
  run(
    ops: readonly Operation[],
    geometry = GEOMETRY,
    events = 5_000_000,
    begin: (fabric: Fabric) => void = () => {},
  ): string {
    this.clock.reset();
    this.fabric.reset(this.#devices, geometry);
    begin(this.fabric);
    this.calls = new Uint32Array(ops.length);
    this.doneAt = new Float64Array(ops.length).fill(-1);
    this.order = [];
    this.refusals = 0;
    this.#lists = Array.from({ length: this.#devices + 1 }, () => ({ ops, numbers: [], next: 0 }));
    ops.forEach((op, number) => (this.#lists[op.src]!.numbers as number[]).push(number));
    for (let src = 0; src <= this.#devices; src++) this.clock.at(0, this.#go, src);
    return this.clock.run({ horizonPs: 1e15, events });
  }

  /** What is wrong after a run: operations not done exactly once. */
  undone(): string[] {
    return [...this.calls].flatMap((n, op) => n === 1 ? [] : [`operation ${op} done ${n} times`]);
  }
}

/** What is wrong with the credits of a fabric that has come to rest, or in the middle of a run at `now`. */
export function creditFaults(fabric: Fabric, now?: number): string[] {
  const longAfter = 1e15;
  return fabric.credits(now ?? longAfter).flatMap((c) => {
    const name = `${c.link} ${c.class} ${c.unit}`;
    const faults: string[] = [];
    if (c.consumed !== c.returned + c.held) {
      faults.push(`${name}: consumed ${c.consumed}, returned ${c.returned} + held ${c.held}`);
    }
    if (now === undefined && c.held !== 0) faults.push(`${name}: ${c.held} held at rest`);
    if (c.leastLeft < 0) faults.push(`${name}: overrun by ${-c.leastLeft}`);
    if (c.mostLeft > c.advertised) faults.push(`${name}: ${c.mostLeft} of ${c.advertised} credits`);
    return faults;
  });
}
