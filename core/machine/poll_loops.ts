/**
 * A stack as bare poll loops over device sides that somebody else moves: no machine, no ledger, nothing that charges
 * time. Flat out the device side refills at once; on real interfaces it is a ring of the kernel's. Firmware cannot be
 * run so, since it has no driver half.
 */
import type { Fib4 } from "../fib/fib.ts";
import { Context, type Home } from "../host/context.ts";
import type { Memory } from "../memory/memory.ts";
import { Mempool } from "../memory/mempool.ts";
import { PollPort } from "../nic/poll_port.ts";
import type { DeviceSide } from "../nic/rings.ts";
import { thresholdsFor } from "../nic/thresholds.ts";
import type { Reason } from "../policy.ts";
import type { Cpu, Env, Priority, Stack } from "../stack.ts";
import { Choices } from "../time/choices.ts";
import { emptyCounters } from "./accounts.ts";
import type { Hardware } from "./hardware.ts";
import type { Neighbours } from "./scenario.ts";

/** Objects of the pool's cache, as examples/l3fwd has it. */
const CACHE = 256;
/** Buffers that a pool has beyond those of rings: what caches and bursts hold. */
const SPARE = 1024;

/** Buffers that so many ports with such rings need. */
export function buffersFor(ports: number, ring: number): number {
  return ports * (2 * ring + 64) + SPARE;
}

/** What the loops are given. */
export interface PollLoopsInput {
  /** One for each port, with rings of `ring` descriptors. */
  readonly devices: readonly DeviceSide[];
  /** Descriptors of every ring. */
  readonly ring: number;
  /** Of {@link buffersFor} buffers at least. */
  readonly memory: Memory;
  /** The table, filled. */
  readonly fib: Fib4;
  /** Where next hops lie. */
  readonly neighbours: Neighbours;
  /** Cycles of a microsecond, as stacks count time. */
  readonly mhz: number;
  /** Told of each packet that the stack drops. */
  onDrop(reason: Reason): void;
}

/**
 * The loops of one lcore.
 *
 * @example
 * ```ts
 * import { buffersFor, createFib4, DescriptorRing, Memory, PollLoops } from "@planecheck/planecheck/core";
 * import { forwarder } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * // two devices that receive nothing
 * const devices = [0, 1].map(() => {
 *   const [rx, tx] = [new DescriptorRing(64), new DescriptorRing(64)];
 *   for (const ring of [rx, tx]) ring.reset(64, -1);
 *   return { rx: [rx], tx: [tx], rxTail() {}, txTail() {}, rxStop() {}, irqEnable() {} };
 * });
 * const loops = new PollLoops(forwarder, {
 *   devices,
 *   ring: 64,
 *   memory: new Memory(buffersFor(2, 64)),
 *   fib: createFib4("dir24-8", { firstBits: 8, groups: 1, maxRules: 1 }),
 *   neighbours: { count: 0, port: new Uint8Array(0), mac: new Uint8Array(0), portMac: new Uint8Array(12) },
 *   mhz: 1000,
 *   onDrop: () => {},
 * });
 * assertEquals(loops.turn(0), 0);
 * ```
 */
export class PollLoops {
  /** What the stack calls itself. */
  readonly name: string;
  readonly #bodies: ((cpu: Context) => number)[] = [];
  readonly #contexts: Context[] = [];

  /**
   * Boots the stack.
   * @throws {RangeError} when it has nothing to poll, e.g. because it is firmware, when it needs the hardware below,
   *   or a ring is too small for its driver
   */
  constructor(stack: Stack, input: PollLoopsInput) {
    const { devices, ring, memory, mhz } = input;
    const count = buffersFor(devices.length, ring);
    const pool = new Mempool(memory, memory.region("mempool", 0, count), [-1], CACHE);
    const home: Home = {
      id: 0,
      psPerCycle: 1e6 / mhz,
      deadline: () => {},
      notify: () => {},
      wakeFrom: () => {},
    };
    const costs = new Proxy({}, { get: () => 0 }) as Record<string, number>;
    const boot = new Context(home, 0, false, () => 0);
    const rxQueues = devices.map((_, port) => ({ port, queue: 0 }));
    const start = (): PollPort[] =>
      devices.map((device, port) => {
        const thresholds = thresholdsFor(ring, ring);
        const driver = new PollPort(port, device, 1, memory, pool, thresholds, costs, [-1]);
        driver.start(boot, 0);
        return driver;
      });
    let started: PollPort[] | null = null;
    const env: Env = {
      // as on a machine: who never asks for ports drives the rings itself
      get ports() {
        return started ??= start();
      },
      fib: input.fib,
      neighbours: input.neighbours,
      memory,
      pool,
      lcores: 1,
      choices: new Choices(),
      cost: (operation) => operation === "mhz" ? mhz : 0,
      configure: () => {},
      addPool: (name) => {
        throw new RangeError(
          `Cannot run as bare loops: the stack needs a pool of its own, ${name}`,
        );
      },
      spawn: (_lcore: number, _priority: Priority, body: (cpu: Cpu) => number) => {
        const context = new Context(home, this.#contexts.length + 1, false, body);
        context.rxQueues = rxQueues;
        this.#bodies.push(body);
        this.#contexts.push(context);
        return context;
      },
      originate: () => {},
      drop: (_cpu: Cpu, buffer: number, reason: Reason) => {
        input.onDrop(reason);
        pool.put(0, buffer);
      },
      end: (_cpu, _buffer, reason) => input.onDrop(reason),
      dropCopy: (_cpu, _copy, reason) => input.onDrop(reason),
      place: () => -1,
      get hardware() {
        return hardwareOf(devices);
      },
    };
    const dataplane = stack(env);
    this.name = dataplane.name;
    if (dataplane.poll !== undefined) {
      const poll = dataplane.poll.bind(dataplane);
      env.spawn(0, "thread", (cpu) => poll(cpu));
    }
    if (this.#bodies.length === 0) {
      throw new RangeError(`Cannot run ${this.name} as bare loops: it has nothing to poll`);
    }
  }

  /** Runs every loop once, at time `ps` in picoseconds; answers how many items they moved. */
  turn(ps: number): number {
    let moved = 0;
    for (let i = 0; i < this.#bodies.length; i++) {
      const context = this.#contexts[i]!;
      context.begin(ps);
      moved += this.#bodies[i]!(context);
    }
    return moved;
  }
}

/** Of the hardware there are the rings of each port; whoever asks for anything else is told so. */
function hardwareOf(devices: readonly DeviceSide[]): Hardware {
  const rest = new Proxy({}, {
    get: (_, part) => {
      throw new RangeError(`Cannot run as bare loops: the stack needs ${String(part)}`);
    },
  });
  const nics = devices.map((queues, port) => {
    const parts = { port, queues, counters: emptyCounters(port), bootQueues: () => queues };
    return Object.setPrototypeOf(parts, rest);
  });
  return Object.setPrototypeOf({ nics }, rest);
}
