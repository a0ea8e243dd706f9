/**
 * What the machine gives a stack: the Env of one run. The host driver is set up when the stack first asks
 * for a port or the pool; a stack that boots firmware on the NICs never does.
 */
import type { Fib4 } from "../fib/fib.ts";
import type { Context } from "../host/context.ts";
import { freeChain, type MbufHome, mempoolsOf } from "../memory/mbuf_share.ts";
import { Mempool } from "../memory/mempool.ts";
import type { PacketMemory } from "../memory/memory.ts";
import type { PollPort } from "../nic/poll_port.ts";
import { thresholdsFor } from "../nic/thresholds.ts";
import { REASON, type Reason, REASONS } from "../policy.ts";
import type { Cpu, Env, Port, PortSetup, Priority, RxQueueId } from "../stack.ts";
import type { Choices } from "../time/choices.ts";
import { GENERATED } from "./accounts.ts";
import type { Geometry, Scenario } from "./device.ts";
import type { Hardware } from "./hardware.ts";
import type { Machine } from "./machine.ts";
import type { Neighbours } from "./scenario.ts";
import { poolSize } from "./sizes.ts";

/** The environment of a stack on a machine, for one scenario. */
export class Environment implements Env {
  readonly fib: Fib4;
  readonly neighbours: Neighbours;
  readonly memory: PacketMemory;
  readonly lcores: number = 0;
  readonly choices: Choices;
  readonly hardware: Hardware;

  readonly #machine: Machine;
  readonly #geometry: Geometry;
  readonly #places: readonly number[];
  readonly #rxQueues: readonly (readonly RxQueueId[])[];
  readonly #contexts: Context[] = [];
  /** Pools that the stack asked for, the ports' own first. */
  readonly pools: Mempool[] = [];
  #home: MbufHome | null = null;
  #ports: readonly PollPort[] | null = null;
  #setup: PortSetup = {};

  constructor(machine: Machine, fib: Fib4, scenario: Scenario) {
    const { geometry, neighbours } = scenario;
    const nics = machine.nics.slice(0, geometry.ports);
    const lcores = Array.from({ length: geometry.lcores }, (_, lcore) => lcore);
    this.#machine = machine;
    this.#geometry = geometry;
    this.#places = lcores.map((lcore) => machine.observation.addPlace(`lcore ${lcore}`));
    this.#rxQueues = lcores.map((queue) => nics.map((nic) => ({ port: nic.port, queue })));
    this.fib = fib;
    this.neighbours = neighbours;
    this.memory = machine.memory;
    this.lcores = geometry.lcores;
    this.choices = machine.choices;
    this.hardware = {
      nics,
      peers: machine.peers,
      hostRings: machine.hostRings,
      fabric: machine.fabric(geometry.fidelity),
      nicMemories: machine.profile.nicMemories ?? [],
      nicBuffers: machine.profile.nicBuffers,
      peerSlots: geometry.peerSlots,
    };
  }

  get ports(): readonly Port[] {
    return this.#ports ??= this.#startDriver();
  }

  get pool(): Mempool {
    if (this.pools.length === 0) {
      const pool = this.#makePool(this.#setup.mbufs ?? poolSize(this.#geometry));
      this.pools.push(pool);
      this.#home = pool;
    }
    return this.pools[0]!;
  }

  // functions of their own, not methods: stacks take the environment apart
  readonly cost = (operation: string): number => {
    const { costs, name } = this.#machine.profile;
    const cycles = costs[operation];
    if (cycles === undefined) {
      throw new RangeError(`Cannot charge "${operation}": profile ${name} has no such cost`);
    }
    return cycles;
  };

  readonly configure = (setup: PortSetup): void => {
    const { mbufs } = setup;
    if (this.pools.length > 0) {
      throw new RangeError("Cannot configure ports: they are set up already");
    }
    if (mbufs !== undefined && !(Number.isInteger(mbufs) && mbufs >= 1)) {
      throw new RangeError(`Cannot configure ports: a pool of ${mbufs} mbufs, expected 1 or more`);
    }
    this.#setup = setup;
  };

  readonly addPool = (name: string, mbufs: number): Mempool => {
    if (!(Number.isInteger(mbufs) && mbufs >= 1)) {
      throw new RangeError(`Cannot add pool ${name}: ${mbufs} mbufs, expected 1 or more`);
    }
    const ports = this.ports as readonly PollPort[];
    const { memory } = this.#machine;
    const region = memory.region(name, 0, mbufs);
    const pool = new Mempool(memory, region, this.#places, this.#geometry.poolCache);
    pool.onRefill = () => this.#refilled();
    this.pools.push(pool);
    this.#home = mempoolsOf(this.pools);
    for (const port of ports) port.home = this.#home;
    return pool;
  };

  readonly spawn = (
    lcore: number,
    priority: Priority,
    body: (cpu: Cpu) => number,
    stateless = false,
  ): Context => {
    if (!(Number.isInteger(lcore) && lcore >= 0 && lcore < this.lcores)) {
      throw new RangeError(
        `Cannot spawn on lcore ${lcore}: there are lcores 0..${this.lcores - 1}`,
      );
    }
    const context = this.#machine.lcores[lcore]!.spawn(priority, body, stateless);
    context.rxQueues = this.#rxQueues[lcore]!;
    this.#contexts.push(context);
    return context;
  };

  readonly drop = (
    cpu: Cpu,
    buffer: number,
    reason: Reason,
    place = -1,
    occupancy = -1,
  ): void => {
    this.end(cpu, buffer, reason, place, occupancy);
    freeChain(this.#home ?? this.pool, cpu.lcore, buffer);
  };

  readonly end = (
    cpu: Cpu,
    buffer: number,
    reason: Reason,
    place = -1,
    occupancy = -1,
  ): void => {
    checkReason(`buffer ${buffer}`, reason);
    const { observation, memory: { ledger } } = this.#machine;
    const context = cpu as Context;
    const packet = ledger === null ? -1 : ledger.packet[buffer]!;
    if (ledger === null || (packet >= 0 && observation.carrier[packet] === buffer)) {
      // a refusal is evidence for the packets that it refused, in the body that was refused
      const refused = place < 0 && reason === REASON["tx-full"] && context.refusedCount > 0;
      if (refused) context.refusedCount--;
      const where = refused ? context.refusedPlace : place < 0 ? this.#places[cpu.lcore]! : place;
      const fill = refused ? context.refusedOccupancy : occupancy;
      observation.drop(packet, reason, where, context.nowPs, fill);
    }
  };

  readonly dropCopy = (
    cpu: Cpu,
    copy: number,
    reason: Reason,
    place = -1,
    occupancy = -1,
  ): void => {
    checkReason(`copy ${copy}`, reason);
    const { observation, memory: { ledger } } = this.#machine;
    const packet = ledger === null ? -1 : ledger.outside.packetOf(copy);
    if (ledger !== null && (packet < 0 || observation.carrier[packet] !== copy)) return;
    const where = place < 0 ? this.#places[cpu.lcore]! : place;
    observation.drop(packet, reason, where, (cpu as Context).nowPs, occupancy);
  };

  readonly originate = (buffer: number): void => {
    const { ledger } = this.#machine.memory;
    if (ledger === null) this.#machine.observation.originated();
    else ledger.packet[buffer] = GENERATED;
  };

  readonly place = (name: string, capacity: number): number =>
    this.#machine.observation.addPlace(name, capacity);

  #makePool(size: number): Mempool {
    const region = this.#machine.memory.region("mempool", 0, size);
    const cache = this.#setup.poolCache ?? this.#geometry.poolCache;
    const pool = this.#machine.pool(region, this.#places, cache);
    pool.onRefill = () => this.#refilled();
    return pool;
  }

  /** Whoever found a pool empty may look again. */
  #refilled(): void {
    for (const context of this.#contexts) context.notify();
  }

  #startDriver(): readonly PollPort[] {
    const { lcores } = this.#machine;
    const g = this.#geometry;
    const { txWriteBack = "report" } = this.#machine.profile.queues ?? {};
    const wthresh = typeof txWriteBack === "number" ? txWriteBack : 0;
    const thresholds = { ...thresholdsFor(g.rxRing, g.txRing, wthresh), ...this.#setup };
    return this.hardware.nics.map((nic) => {
      nic.bootQueues();
      const port = this.#machine.driver(
        nic,
        this.pool,
        thresholds,
        this.#places,
        this.#setup.costs,
      );
      for (let q = 0; q < g.lcores; q++) port.start(lcores[q]!.irq, q);
      return port;
    });
  }
}

/** @throws {RangeError} when the number is none of a reason */
function checkReason(what: string, reason: Reason): void {
  if (reason > REASON.none && reason < REASONS.length) return;
  throw new RangeError(`Cannot drop ${what}: ${reason} is not a reason of REASON`);
}
