/**
 * A forwarder that is written with promises, as a device under test: a proxy, a NAT, a router in user
 * space. Its handler takes a packet and may await; what the real one awaits (a socket, a table elsewhere, a
 * queue) awaits a turn of the scheduler here, which decides in which order those that wait go on.
 *
 * There is no machine below: ports check frames as a NIC does and have no buffers to fill, a turn takes
 * 100 ns, a frame leaves at 40 Gb/s behind those that were sent before it. Frames arrive at their times,
 * also while others wait. So order, fates and bytes can be judged, and neither congestion nor rates.
 *
 * A run is over when all frames have arrived and nobody waits for a turn. A packet that was neither sent
 * nor dropped by then is named with what became of its handler. What a handler of an earlier run does later
 * is ignored.
 */
import { createFib4 } from "../fib/create.ts";
import type { Fib4 } from "../fib/fib.ts";
import { LONGEST, SHORTEST } from "../nic/mac.ts";
import { type Policy, REASON, type Reason, REASONS } from "../policy.ts";
import { STRICT } from "../stack.ts";
import { Choices } from "../time/choices.ts";
import { settle, Turns } from "../time/turns.ts";
import { checkScenario } from "./check.ts";
import type { AsyncDevice, Evidence, Scenario } from "./device.ts";
import { SCENARIO_MAXIMA } from "./sizes.ts";
import { FATE, Observation } from "./observation.ts";
import type { Neighbours } from "./scenario.ts";

/** What a turn takes. */
const TURN_PS = 100_000;
/** A byte at 40 Gb/s, and the bytes of FCS, preamble, SFD and gap around a frame (IEEE 802.3). */
const BYTE_PS = 200;
const AROUND_BYTES = 24;
/** Turns for each packet, and beside, after which a run ends: somebody asks for turns for ever. */
const TURNS_PER_PACKET = 1000;
/** How often the last handlers get all that is ready run, when nobody waits for a turn any more. */
const LAST_ROUNDS = 32;

/** A packet in the hands of a handler. */
export interface AsyncPacket {
  /** Port that it came in on. */
  readonly port: number;
  /** The frame, without FCS: the handler's own, which may write to it. */
  readonly bytes: Uint8Array;
}

/** What an asynchronous forwarder works with in one run. */
export interface AsyncEnv {
  /** How many ports there are. */
  readonly ports: number;
  /** The routes of the run; its values are indices of neighbours. */
  readonly fib: Fib4;
  /** Where next hops lie. */
  readonly neighbours: Neighbours;
  /** Waits until the scheduler gives a turn: for everything that takes its time. */
  turn(): Promise<void>;
  /**
   * Sends a frame for a packet: its bytes, or others, as they are now.
   * @throws {RangeError} when there is no such port, or the packet is none of this run
   */
  send(packet: AsyncPacket, port: number, bytes?: Uint8Array): void;
  /**
   * Drops a packet for a reason.
   * @throws {RangeError} when there is no such reason, or the packet is none of this run
   */
  drop(packet: AsyncPacket, reason: Reason): void;
}

/** Takes one packet; called for each in the order of arrival, whether earlier calls have ended or not. */
export type AsyncHandler = (packet: AsyncPacket) => Promise<void>;

/** An asynchronous forwarder: makes the handler of one run, whose state begins anew with it. */
export type AsyncForwarder = (env: AsyncEnv) => AsyncHandler;

/** What `asyncForwarder` may be told. */
export interface AsyncForwarderOptions {
  /** Name in reports; `async`. */
  readonly name?: string;
  /** What it declares; {@link STRICT}. */
  readonly policy?: Policy;
}

const OFFERS: ReadonlySet<Evidence> = new Set(["frames", "fates", "reasons"]);

/**
 * An asynchronous forwarder as a device, to be judged by `checkConformanceAsync` or `conformance`.
 *
 * @example
 * ```ts
 * import { asyncForwarder, checkFrame, ipv4Dst, REASON, rewriteFrame } from "@planecheck/planecheck/core";
 * import { checkConformanceAsync } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * // Each packet waits for its own look-up: a later one of the same flow may overtake it.
 * const hasty = asyncForwarder((env) => async (packet) => {
 *   const reason = checkFrame(packet.bytes, 0, packet.bytes.length);
 *   if (reason !== REASON.none) return env.drop(packet, reason);
 *   await env.turn();
 *   const hop = env.fib.lookup(ipv4Dst(packet.bytes, 14));
 *   if (hop < 0) return env.drop(packet, REASON["no-route"]);
 *   rewriteFrame(packet.bytes, 0, env.neighbours, hop);
 *   env.send(packet, env.neighbours.port[hop]!);
 * });
 * const { laws } = await checkConformanceAsync(hasty, { numRuns: 300, only: /^(ORD|PKT)/ });
 * const broken = laws.filter(({ counterexample }) => counterexample !== null);
 * assertEquals(broken.map(({ law }) => law.id), ["ORD-1"]);
 * assertEquals(broken[0]!.counterexample!.scenario.traffic.count, 2);
 * ```
 */
export function asyncForwarder(
  forwarder: AsyncForwarder,
  options: AsyncForwarderOptions = {},
): AsyncDevice {
  const { name = "async", policy = STRICT } = options;
  const observation = new Observation();
  const runAsync = async (scenario: Scenario): Promise<Observation> =>
    await new AsyncRun(forwarder, name, scenario, observation).toEnd();
  return { name, policy, offers: OFFERS, runAsync };
}

interface Frame {
  readonly packet: number;
  readonly port: number;
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

class AsyncRun implements AsyncEnv {
  readonly ports: number = 0;
  readonly fib: Fib4 = createFib4("linear");
  readonly neighbours: Neighbours;
  readonly #scenario: Scenario;
  readonly #o: Observation;
  readonly #turns: Turns;
  readonly #handle: AsyncHandler;
  /** Place of the forwarder; those of the ports are their numbers. */
  readonly #place: number = 0;
  readonly #identity = new Map<AsyncPacket, number>();
  readonly #underWay = new Set<number>();
  readonly #frames: Frame[] = [];
  readonly #freeAt: Float64Array = new Float64Array(0);
  #now = 0;
  #over = false;
  #thrown: { readonly error: unknown } | null = null;

  constructor(forwarder: AsyncForwarder, name: string, scenario: Scenario, o: Observation) {
    checkScenario(scenario, SCENARIO_MAXIMA);
    const { geometry, routes, traffic } = scenario;
    this.#scenario = scenario;
    this.#o = o;
    this.ports = geometry.ports;
    this.neighbours = scenario.neighbours;
    this.#freeAt = new Float64Array(geometry.ports);
    o.reset(traffic.count, geometry.fidelity);
    for (let port = 0; port < geometry.ports; port++) o.addPlace(`port${port}`);
    this.#place = o.addPlace(name);
    for (let i = 0; i < routes.count; i++) {
      this.fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
    }
    const choices = new Choices();
    choices.reset(scenario.deviations);
    this.#turns = new Turns(choices);
    this.#handle = forwarder(this);
  }

  /** Runs the scenario to its end; throws what a handler threw. */
  async toEnd(): Promise<Observation> {
    const { count, at } = this.#scenario.traffic;
    const turns = this.#turns;
    const most = TURNS_PER_PACKET * (count + 1);
    let arrived = 0;
    let taken = 0;
    // When the next turn is over that somebody waits for: what arrives until then comes first.
    let dueAt = 0;
    while ((arrived < count || turns.waiting > 0) && taken < most && this.#thrown === null) {
      const isIdle = turns.waiting === 0;
      if (arrived < count && (isIdle || at[arrived]! <= dueAt)) {
        this.#now = Math.max(this.#now, at[arrived]!);
        this.#arrive(arrived++);
        await settle();
        if (isIdle) dueAt = this.#now + TURN_PS;
      } else {
        this.#now = dueAt;
        taken++;
        await turns.next();
        dueAt = this.#now + TURN_PS;
      }
    }
    for (let i = 0; i < LAST_ROUNDS && this.#underWay.size > 0; i++) await settle();
    this.#over = true;
    if (this.#thrown !== null) throw this.#thrown.error;
    return this.#close(taken, taken === most);
  }

  turn(): Promise<void> {
    return this.#turns.wait();
  }

  send(packet: AsyncPacket, port: number, bytes: Uint8Array = packet.bytes): void {
    if (this.#over) return;
    const identity = this.#identityOf("send", packet);
    if (!Number.isInteger(port) || port < 0 || port >= this.ports) {
      throw new RangeError(`Cannot send: port is ${port}, not 0..${this.ports - 1}`);
    }
    const start = Math.max(this.#now, this.#freeAt[port]!);
    const end = start + (bytes.length + AROUND_BYTES) * BYTE_PS;
    this.#freeAt[port] = end;
    this.#frames.push({ packet: identity, port, start, end, bytes: bytes.slice() });
  }

  drop(packet: AsyncPacket, reason: Reason): void {
    if (this.#over) return;
    const identity = this.#identityOf("drop", packet);
    if (REASONS[reason] === undefined || reason === REASON.none) {
      throw new RangeError(
        `Cannot drop: ${reason} is no reason, expected 1..${REASONS.length - 1}`,
      );
    }
    this.#o.drop(identity, reason, this.#place, this.#now);
  }

  #identityOf(verb: string, packet: AsyncPacket): number {
    const identity = this.#identity.get(packet);
    if (identity !== undefined) return identity;
    throw new RangeError(`Cannot ${verb}: that is no packet of this run`);
  }

  #arrive(i: number): void {
    const { port, offset, length, bytes, badFcs } = this.#scenario.traffic;
    const [at, n] = [offset[i]!, length[i]!];
    const bad = badFcs !== undefined && badFcs[i] !== 0;
    if (bad || n < SHORTEST || n > LONGEST) {
      const reason = bad ? "bad-fcs" : n < SHORTEST ? "runt" : "oversize";
      this.#o.drop(i, REASON[reason], port[i]!, this.#now);
      return;
    }
    const packet = { port: port[i]!, bytes: bytes.slice(at, at + n) };
    this.#identity.set(packet, i);
    this.#underWay.add(i);
    const ended = () => void this.#underWay.delete(i);
    const failed = (error: unknown) => {
      this.#thrown ??= { error };
    };
    try {
      this.#handle(packet).then(ended, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Writes down what left, and who holds what neither left nor was dropped. */
  #close(turns: number, isLimit: boolean): Observation {
    const o = this.#o;
    const frames = this.#frames.sort((a, b) => a.end - b.end);
    for (const { packet, port, start, end, bytes } of frames) {
      o.emit(packet, port, port, start, end, bytes, 0, bytes.length);
    }
    for (let i = 0; i < o.count; i++) {
      if (o.fate[i] !== FATE.none) continue;
      o.waitingAt.set(
        i,
        this.#underWay.has(i) ? "a handler that awaits no turn" : "nowhere: its handler has ended",
      );
    }
    o.events = turns + o.count;
    o.endPs = Math.max(this.#now, frames.at(-1)?.end ?? 0);
    o.end = isLimit ? "limit" : "quiet";
    o.ports = [];
    return o;
  }
}
