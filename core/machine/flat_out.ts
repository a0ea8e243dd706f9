/**
 * A stack flat out: the same driver and forwarding loop with no machine around it. The device side refills
 * at once: a receive descriptor that the driver posts is full as soon as its doorbell rings, a transmit
 * descriptor is sent. Nothing charges time and no ledger is kept; what is left is the cost of the loop
 * itself, which is what a benchmark wants. Firmware has no flat-out mode, since it has no driver half.
 */
import { createFib4 } from "../fib/create.ts";
import type { Fib4 } from "../fib/fib.ts";
import type { Context } from "../host/context.ts";
import { FLAG, Memory } from "../memory/memory.ts";
import { DescriptorRing, type DeviceSide } from "../nic/rings.ts";
import type { Stack } from "../stack.ts";
import { buffersFor, PollLoops } from "./poll_loops.ts";
import type { Neighbours, RouteSet } from "./scenario.ts";

/** Doubles of a frame that the device writes for each packet: 64 bytes. */
const FRAME_DOUBLES = 8;

/** A device that has always received and has always sent. */
class FlatOutDevice implements DeviceSide {
  readonly rx: readonly DescriptorRing[];
  readonly tx: readonly DescriptorRing[];
  /** Packets that the driver handed over for sending. */
  sent = 0;
  readonly #port: number = 0;
  readonly #memory: Memory;
  readonly #doubles: Float64Array = new Float64Array(0);
  /** Frames to hand out in turn, 64 bytes each. */
  readonly #frames: Float64Array = new Float64Array(0);
  #next = 0;
  #rxAt = 0;
  #txAt = 0;

  constructor(port: number, memory: Memory, ring: number, frames: Uint8Array) {
    this.#port = port;
    this.#memory = memory;
    this.#doubles = new Float64Array(memory.bytes.buffer);
    this.#frames = new Float64Array(frames.buffer, frames.byteOffset, frames.length >> 3);
    this.rx = [new DescriptorRing(ring)];
    this.tx = [new DescriptorRing(ring)];
    this.rx[0]!.reset(ring, -1);
    this.tx[0]!.reset(ring, -1);
  }

  rxTail(_cpu: Context, _queue: number, slot: number): void {
    const ring = this.rx[0]!;
    const { offset, length, port, flags } = this.#memory;
    const to = this.#doubles;
    const from = this.#frames;
    let next = this.#next;
    let at = this.#rxAt;
    while (at !== slot) {
      const b = ring.buffer[at]!;
      const base = offset[b]! >> 3;
      for (let i = 0; i < FRAME_DOUBLES; i++) to[base + i] = from[next + i]!;
      length[b] = 60;
      port[b] = this.#port;
      flags[b] = FLAG.ipv4;
      ring.done[at] = 1;
      next += FRAME_DOUBLES;
      if (next === from.length) next = 0;
      at = at + 1 === ring.size ? 0 : at + 1;
    }
    this.#rxAt = at;
    this.#next = next;
  }

  txTail(_cpu: Context, _queue: number, slot: number): void {
    const ring = this.tx[0]!;
    const mask = ring.size - 1;
    const n = (slot - this.#txAt) & mask;
    this.sent += n;
    for (let i = 0; i < n; i++) {
      const at = (this.#txAt + i) & mask;
      if (ring.reportStatus[at] === 1) ring.done[at] = 1;
    }
    ring.sent = (ring.sent + n) >>> 0;
    this.#txAt = slot;
  }

  rxStop(): void {}

  irqEnable(): void {}
}

/** What a flat-out run is given. */
export interface FlatOutInput {
  /** Ports; as many as there are entries of `frames`. */
  readonly ports: number;
  /** Descriptors of every ring: a power of two, 8 or more. */
  readonly ring: number;
  /** Routes of the table; not read where `fib` is given. */
  readonly routes: RouteSet;
  /** Where next hops lie. */
  readonly neighbours: Neighbours;
  /** For each port, the frames that it receives in turn: 64 bytes each, of which 60 are the frame. */
  readonly frames: readonly Uint8Array[];
  /** A filled table that stands for the routes; by default DIR-24-8 with 24 first-level bits. */
  readonly fib?: Fib4;
}

/**
 * A stack of poll loops that runs as fast as it can on one lcore.
 *
 * @example
 * ```ts
 * import { createFib4, FlatOut } from "@planecheck/planecheck/core";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { forwarder } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const scenario = build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * });
 * const { routes, neighbours, traffic } = scenario;
 * const frame = new Uint8Array(64);
 * frame.set(traffic.bytes.subarray(0, 60));
 * const fib = createFib4("dir24-8", { firstBits: 8, groups: 16, maxRules: 16 });
 * fib.add(0x0a010000, 16, 1);
 *
 * const flat = new FlatOut(forwarder, {
 *   ports: 2,
 *   ring: 64,
 *   routes,
 *   neighbours,
 *   frames: [frame, frame],
 *   fib,
 * });
 * // two ports, a burst of 32 of each in every turn
 * assertEquals([flat.run(10), flat.dropped], [640, 0]);
 * ```
 */
export class FlatOut {
  readonly #loops: PollLoops;
  readonly #devices: FlatOutDevice[];
  /** Packets that the stack dropped. */
  dropped = 0;

  /**
   * Boots the stack on ports that never run dry.
   * @throws {RangeError} when the stack has nothing to poll, e.g. because it is firmware, or a ring is
   *   too small for its driver
   */
  constructor(stack: Stack, input: FlatOutInput) {
    const { ports, ring, neighbours, frames } = input;
    const memory = new Memory(buffersFor(ports, ring));
    this.#devices = frames.map((frames, port) => new FlatOutDevice(port, memory, ring, frames));
    this.#loops = new PollLoops(stack, {
      devices: this.#devices,
      ring,
      memory,
      fib: input.fib ?? filled(input.routes),
      neighbours,
      mhz: 1e6,
      onDrop: () => this.dropped++,
    });
  }

  /** Packets handed over for sending so far. */
  get sent(): number {
    let sum = 0;
    for (const device of this.#devices) sum += device.sent;
    return sum;
  }

  /** Runs every poll loop `turns` times; answers how many packets were handed over for sending. */
  run(turns: number): number {
    const before = this.sent;
    for (let turn = 0; turn < turns; turn++) this.#loops.turn(0);
    return this.sent - before;
  }
}

function filled(routes: RouteSet): Fib4 {
  const fib = createFib4("dir24-8", { firstBits: 24, groups: 4096, maxRules: 1 << 21 });
  for (let i = 0; i < routes.count; i++) {
    fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
  }
  return fib;
}
