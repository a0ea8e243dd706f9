/**
 * A NIC: Ethernet in and out, DMA engine, device memory, and what drives them: queue pairs for a host
 * driver, or firmware on its own threads. Which of the two is decided by the stack that boots it.
 */
import type { Lcore } from "../host/lcore.ts";
import { Vector } from "../host/irq.ts";
import type { Memory, Region } from "../memory/memory.ts";
import type { Geometry } from "../machine/device.ts";
import { emptyCounters, type PortCounters, type RingAccount } from "../machine/accounts.ts";
import type { Observation } from "../machine/observation.ts";
import type { MachineProfile } from "../machine/profile.ts";
import type { Reason } from "../policy.ts";
import type { Fabric } from "../pcie/fabric.ts";
import type { Choices } from "../time/choices.ts";
import type { Clock } from "../time/clock.ts";
import { DmaEngine } from "./dma.ts";
import { LONGEST, MacIn } from "./mac.ts";
import { MacOut } from "./mac_out.ts";
import { type OnPause, PauseControl, PausingMacOut } from "./pause.ts";
import type { Mmio } from "./mmio.ts";
import { QueuePairs } from "./queue_pairs.ts";
import { NicThreads } from "./threads.ts";

/** The largest sizes that a machine is built for. */
export interface Maxima {
  /** NICs, of one port each. */
  readonly ports: number;
  /** Lcores, and so queue pairs of each NIC. */
  readonly lcores: number;
  /** Descriptors of a ring, and slots of a pair of NICs. */
  readonly ring: number;
  /** Packets of a NIC's ingress buffer. */
  readonly ingress: number;
  /** Buffers of the machine's memory. */
  readonly buffers: number;
}

/**
 * One NIC with one port.
 *
 * @example
 * ```ts
 * import { Machine, REASON } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { PLAIN_GEOMETRY } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const small = { ports: 1, lcores: 1, ring: 64, ingress: 64, buffers: 1024 };
 * const machine = new Machine(machineProfile(paperHost), small);
 * machine.reset({ ...PLAIN_GEOMETRY, ports: 1 }, 1, [], () => {});
 * const nic = machine.nics[0]!;
 * nic.macIn.receiver = { received: (b) => nic.drop(b, REASON["not-ip"]) };
 * nic.macIn.arrive(0, new Uint8Array(60), 0, 60);
 * assertEquals([nic.counters.rxFrames, machine.observation.reason[0]], [1, REASON["not-ip"]]);
 * ```
 */
export class Nic {
  /** Its number, from 0. */
  readonly port: number = 0;
  /** Its node on the fabric. */
  readonly node: number = 0;
  /** What moves bytes to and from the fabric. */
  readonly dma: DmaEngine;
  /** Port input with the ingress buffer. */
  readonly macIn: MacIn;
  /** Port output. */
  readonly macOut: MacOut;
  /** Queue pairs, in use after `bootQueues`. */
  readonly queues: QueuePairs;
  /** Its own processors, in use once firmware is booted on them. */
  readonly threads: NicThreads;
  /** Interrupt vector of each queue pair. */
  readonly vectors: readonly Vector[];
  /** Frame counters of this run. */
  counters: PortCounters;

  /** Told of each pause frame that has left, by who stands for the peer. */
  onPause: OnPause | null = null;
  readonly #pause: PauseControl | null = null;
  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #observation: Observation;
  readonly #profile: MachineProfile;
  #geometry: Geometry | null = null;
  #lcores: readonly Lcore[] = [];
  #booted = false;
  #choices: Choices | null = null;

  /** A NIC for scenarios up to `most`, on a machine's clock, memory and fabric. */
  constructor(
    port: number,
    clock: Clock,
    memory: Memory,
    observation: Observation,
    profile: MachineProfile,
    most: Maxima,
    mmio: Mmio,
  ) {
    this.port = port;
    this.node = port + 1;
    this.#clock = clock;
    this.#memory = memory;
    this.#observation = observation;
    this.#profile = profile;
    this.counters = emptyCounters(port);
    this.dma = new DmaEngine(this.node, clock, profile.dma, LONGEST);
    this.macIn = new MacIn(port, clock, memory, observation, most.ingress);
    const { linkGbps, pause } = profile;
    if (pause === undefined) {
      this.macOut = new MacOut(port, clock, memory, observation, linkGbps, most.buffers);
    } else {
      const told: OnPause = (port, quanta) => this.onPause?.(port, quanta);
      const out = new PausingMacOut(port, clock, memory, observation, linkGbps, most.buffers, told);
      this.macOut = out;
      this.#pause = new PauseControl(clock, pause, out, linkGbps);
    }
    const vectors: Vector[] = [];
    for (let q = 0; q < most.lcores; q++) {
      vectors.push(new Vector(port * most.lcores + q, clock, observation, `nic${port}.${q}`));
    }
    this.vectors = vectors;
    this.queues = new QueuePairs(
      this.node,
      clock,
      memory,
      observation,
      { dma: this.dma, macIn: this.macIn, macOut: this.macOut, vectors, mmio },
      {
        ingress: most.ingress,
        fifo: profile.txFifo,
        ring: most.ring,
        queues: most.lcores,
        buffers: most.buffers,
      },
      profile.queues,
      profile.hostPath,
    );
    this.threads = new NicThreads(this, clock, profile.nicMhz, profile.nicThreads, most.ingress);
  }

  /** Quiet, with an empty ingress buffer; nothing drives it yet. `choices`, if given, are asked for faults. */
  reset(
    fabric: Fabric,
    geometry: Geometry,
    lcores: readonly Lcore[],
    wire: number,
    choices: Choices | null = null,
  ): void {
    const o = this.#observation;
    this.#geometry = geometry;
    this.#lcores = lcores;
    this.#booted = false;
    this.#choices = choices;
    const c = this.counters;
    Object.assign(c, emptyCounters(this.port));
    o.ports.push(c);
    this.dma.reset(fabric);
    const name = `nic${this.port}`;
    const ingress = this.#memory.region(`${name} ingress buffer`, this.node, geometry.ingress);
    const ingressPlace = o.addPlace(`${name} ingress buffer`, geometry.ingress);
    this.macIn.reset(ingress, ingressPlace, wire, c);
    this.macIn.watcher = this.#pause;
    this.#pause?.reset(geometry.ingress);
    this.macOut.reset(o.addPlace(`${name} egress`), c, choices);
  }

  /** Boots it as a device of the host, with a queue pair and a vector for each lcore. */
  bootQueues(): QueuePairs {
    const geometry = this.#geometry!;
    this.#booted = true;
    const o = this.#observation;
    const name = `nic${this.port}`;
    const fifo = this.#memory.region(`${name} transmit FIFO`, this.node, this.#profile.txFifo);
    const rx: number[] = [];
    const tx: number[] = [];
    for (let q = 0; q < geometry.lcores; q++) {
      rx.push(o.addPlace(`nic${this.port} receive ring ${q}`, geometry.rxRing - 1));
      tx.push(o.addPlace(`nic${this.port} transmit ring ${q}`, geometry.txRing - 1));
      this.vectors[q]!.reset(
        this.dma,
        this.#lcores[q]!,
        this.#profile.interruptPs,
        this.#choices,
      );
    }
    this.queues.reset(
      geometry.lcores,
      { rx: geometry.rxRing, tx: geometry.txRing },
      fifo,
      { rx, tx },
    );
    return this.queues;
  }

  /** Its receive rings as they are, if a host drives it. O(descriptors). */
  ringAccounts(): RingAccount[] {
    if (!this.#booted) return [];
    const { places } = this.#observation;
    return this.queues.rx.slice(0, this.#geometry!.lcores).map((ring) => ({
      name: places[ring.place]!.name,
      size: ring.size,
      posted: (ring.tail - ring.head) >>> 0,
    }));
  }

  /** Ends the packet in an ingress buffer with a reason: what firmware does with what it will not forward. */
  drop(b: number, reason: Reason): void {
    const ledger = this.#memory.ledger;
    const packet = ledger === null ? -1 : ledger.packet[b]!;
    if (ledger === null || packet >= 0) {
      this.#observation.drop(packet, reason, this.macIn.place, this.#clock.now);
    }
    this.macIn.release(b);
  }

  /** Sets buffers of the device's own memory aside. */
  region(name: string, count: number): Region {
    return this.#memory.region(`nic${this.port} ${name}`, this.node, count);
  }
}
