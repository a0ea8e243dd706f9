/**
 * A machine in virtual time: clock, memory, lcores, fabric, NICs. It is built once for the largest sizes and
 * then reset for each scenario, because building costs milliseconds and a reset microseconds. A reset machine
 * equals a fresh one, event for event; a law holds it to that.
 */
import { Lcore } from "../host/lcore.ts";
import { FailingMempool } from "../memory/failing_mempool.ts";
import { HostMemory } from "../memory/host_memory.ts";
import { Ledger } from "../memory/ledger.ts";
import { Memory, type Region } from "../memory/memory.ts";
import { Mempool } from "../memory/mempool.ts";
import { HostRings } from "../nic/host_rings.ts";
import { Mmio } from "../nic/mmio.ts";
import { type Maxima, Nic } from "../nic/nic.ts";
import { PollPort } from "../nic/poll_port.ts";
import { DESCRIPTOR_BYTES } from "../nic/rings.ts";
import type { Thresholds } from "../nic/thresholds.ts";
import { PeerRings } from "../nic/peer_rings.ts";
import { createFabric } from "../pcie/create.ts";
import { LateFabric } from "../pcie/late_fabric.ts";
import type { Fabric, Fidelity } from "../pcie/fabric.ts";
import { Choices, type Deviation } from "../time/choices.ts";
import { Clock } from "../time/clock.ts";
import type { Costs } from "../stack.ts";
import type { Geometry } from "./device.ts";
import { Observation } from "./observation.ts";
import { Peers } from "./peer.ts";
import type { MachineProfile } from "./profile.ts";
import { SCENARIO_MAXIMA } from "./sizes.ts";
import type { Traffic } from "./scenario.ts";

/** Descriptor rings begin on a page. */
const PAGE = 4096;

/**
 * Hardware that a stack runs on.
 *
 * @example
 * ```ts
 * import { Machine } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { PLAIN_GEOMETRY } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const small = { ports: 2, lcores: 1, ring: 64, ingress: 64, buffers: 1024 };
 * const machine = new Machine(machineProfile(paperHost), small);
 * machine.reset(PLAIN_GEOMETRY, 1, [], () => {});
 * machine.offer({
 *   count: 1,
 *   port: Uint8Array.of(1),
 *   at: Float64Array.of(2_000_000),
 *   offset: Uint32Array.of(0),
 *   length: Uint32Array.of(60),
 *   bytes: new Uint8Array(60),
 * });
 * assertEquals(machine.clock.run({ horizonPs: 1e9, events: 1000 }), "quiet");
 * // no stack drives the NIC: the packet waits in its ingress buffer
 * assertEquals(machine.nics[1]!.macIn.occupancy, 1);
 * ```
 */
export class Machine {
  /** What it is made of. */
  readonly profile: MachineProfile;
  /** The largest sizes that `reset` may ask for. */
  readonly maxima: Maxima;
  /** Virtual time. */
  readonly clock: Clock = new Clock();
  /** Choices of this run. */
  readonly choices: Choices = new Choices();
  /** The record of this run, overwritten by the next. */
  readonly observation: Observation = new Observation();
  /** All buffers of host and NICs. */
  readonly memory: Memory;
  /** The books of the memory, kept in every run but streamed ones. */
  readonly ledger: Ledger;
  /** The root complex as the source of doorbells. */
  readonly mmio: Mmio;
  /** NICs by port, as many as the maxima allow. */
  readonly nics: readonly Nic[];
  /** Lcores, as many as the maxima allow. */
  readonly lcores: readonly Lcore[];
  /** Rings between NICs, for firmware that boots them. */
  readonly peers: PeerRings;
  /** Rings between NICs by way of host memory, likewise. */
  readonly hostRings: HostRings;
  readonly #fabrics: Readonly<Record<Fidelity, Fabric>>;
  /** Stands over the fabric of a run that has faults. */
  readonly #late: LateFabric;
  #hasFaults = false;
  /** Whether the fabric keeps a ledger of its TLPs, from the next reset on. */
  keepsPcieLedger = false;
  #pool: Mempool | null = null;
  #failingPool: FailingMempool | null = null;
  readonly #eased: number = 0;
  readonly #drivers: PollPort[] = [];
  #traffic: Traffic | null = null;
  #times = 1;
  #periodPs = 0;
  /** The frame that comes next, how much later than the first time, and how often all have come. */
  #next = 0;
  #laterPs = 0;
  #turn = 0;
  readonly #irqCycles: number = 0;
  readonly #arrival: number = 0;
  /** Senders that obey pause frames. */
  readonly #peers: Peers | null;

  /**
   * A machine at rest; `reset` comes before each run.
   * @throws {RangeError} when a rate or a delay of the profile is out of range
   */
  constructor(profile: MachineProfile, maxima: Maxima = SCENARIO_MAXIMA) {
    this.profile = profile;
    const irqCycles = profile.costs["irq"];
    if (irqCycles === undefined) {
      throw new RangeError(`Cannot build a machine: profile ${profile.name} has no cost "irq"`);
    }
    this.#irqCycles = irqCycles;
    this.maxima = maxima;
    const { clock, observation } = this;
    this.memory = new Memory(maxima.buffers);
    this.ledger = new Ledger(this.memory, observation, () => clock.now);
    this.memory.ledger = this.ledger;
    this.mmio = new Mmio(clock);
    this.nics = Array.from(
      { length: maxima.ports },
      (_, port) => new Nic(port, clock, this.memory, observation, profile, maxima, this.mmio),
    );
    this.lcores = Array.from(
      { length: maxima.lcores },
      (_, id) => new Lcore(id, clock, profile.cpuMhz),
    );
    this.peers = new PeerRings(clock, this.memory, observation, {
      ports: maxima.ports,
      slots: maxima.ring,
      buffers: maxima.buffers,
    });
    this.hostRings = new HostRings(
      clock,
      this.memory,
      observation,
      this.mmio,
      maxima.buffers,
      profile.hostMemoryGbps,
    );
    const { hostMemory } = profile;
    const host = hostMemory === undefined ? null : new HostMemory(clock, hostMemory);
    if (host !== null) this.#placeRings(host);
    // all at once: handlers must have the same numbers on every machine, whatever it runs first
    const fabric = (fidelity: Fidelity): Fabric =>
      createFabric(fidelity, clock, profile.fabric, maxima.ports, host);
    const [coarse, tlp] = [fabric("coarse"), fabric("tlp")];
    this.#arrival = clock.register(() => this.#arrive());
    this.#fabrics = { coarse, tlp, link: fabric("link") };
    this.#late = new LateFabric(clock, this.choices, maxima.ports);
    for (const { port, queues } of this.nics) {
      queues.tellMeanings(`nic${port}`, (handler, meaning) => this.#late.names(handler, meaning));
    }
    this.#eased = clock.register(() => this.#failingPool?.onRefill?.());
    const { pause, linkGbps } = profile;
    if (pause === undefined || !pause.obeyed) this.#peers = null;
    else {
      const deliver = (packet: number): void => this.#deliver(packet);
      const peers = new Peers(clock, maxima.ports, linkGbps, pause.reactionPs, deliver);
      for (const nic of this.nics) nic.onPause = (port, quanta) => peers.paused(port, quanta);
      this.#peers = peers;
    }
  }

  /** Descriptor rings lie in host memory one after the other, behind all buffers. */
  #placeRings(host: HostMemory): void {
    this.memory.host = host;
    const { buffers, ring } = this.maxima;
    let address = host.addressOf(buffers);
    address += PAGE - address % PAGE;
    for (const { queues } of this.nics) {
      for (const each of [...queues.rx, ...queues.tx]) {
        each.address = address;
        address += ring * DESCRIPTOR_BYTES;
      }
    }
  }

  /** The fabric of a fidelity; in a run that has faults, with those. */
  fabric(fidelity: Fidelity): Fabric {
    return this.#hasFaults ? this.#late : this.#fabrics[fidelity];
  }

  /** The machine's mempool, set up over a region; one object serves all runs, another those with faults. */
  pool(region: Region, places: readonly number[], cacheSize: number): Mempool {
    const { clock } = this;
    const pool = this.#hasFaults
      ? this.#failingPool ??= new FailingMempool(this.memory, clock, this.choices, this.#eased)
      : this.#pool ??= new Mempool(this.memory, region, places, cacheSize);
    pool.setUp(region, places, cacheSize);
    return pool;
  }

  /** The poll-mode driver of a NIC, set up on a pool; one object serves all runs. */
  driver(
    nic: Nic,
    pool: Mempool,
    thresholds: Thresholds,
    places: readonly number[],
    costs: Costs = this.profile.costs,
  ): PollPort {
    const known = this.#drivers[nic.port];
    if (known !== undefined) {
      known.setUp(pool, thresholds, places, costs);
      return known;
    }
    const { memory, maxima: { lcores } } = this;
    const setup = [memory, pool, thresholds, costs, places] as const;
    const port = new PollPort(nic.port, nic.queues, lcores, ...setup);
    this.#drivers[nic.port] = port;
    return port;
  }

  /** Everything at rest, with this geometry, for a run of `packets` packets, recorded or only counted. */
  reset(
    geometry: Geometry,
    packets: number,
    deviations: readonly Deviation[],
    interrupt: (cpu: Lcore["irq"], vector: number) => void,
    recorded = true,
  ): void {
    this.choices.reset(deviations);
    this.clock.reset(this.choices);
    this.ledger.reset();
    this.memory.reset();
    this.memory.ledger = recorded ? this.ledger : null;
    const o = this.observation;
    o.reset(packets, geometry.fidelity, recorded);
    this.#hasFaults = deviations.some(({ site }) => site !== "tie");
    const faults = this.#hasFaults ? this.choices : null;
    if (this.#hasFaults) this.#late.over(this.#fabrics[geometry.fidelity]);
    const fabric = this.fabric(geometry.fidelity);
    const sizes = { ...geometry, mrrs: this.profile.mrrsBytes, ledger: this.keepsPcieLedger };
    fabric.reset(geometry.ports, sizes, faults);
    this.mmio.reset(fabric);
    const wire = o.addPlace("wire");
    for (const lcore of this.lcores) {
      lcore.reset({ interrupt });
      lcore.irqCycles = this.#irqCycles;
    }
    o.ports = [];
    for (let p = 0; p < geometry.ports; p++) {
      this.nics[p]!.reset(fabric, geometry, this.lcores, wire, faults);
    }
  }

  /** Puts the frames on the wire, each at its time; then all again `periodPs` later, `times` times in all. */
  offer(traffic: Traffic, times = 1, periodPs = 0): void {
    this.#traffic = traffic;
    this.#times = times;
    this.#periodPs = periodPs;
    this.#next = this.#laterPs = this.#turn = 0;
    if (this.#peers !== null) this.#peers.offer(traffic, times, periodPs);
    else if (traffic.count > 0) this.clock.at(traffic.at[0]!, this.#arrival, 0);
  }

  /** Frames of one instant come by one event, in their order, unless choices may put something between. */
  #arrive(): void {
    const { now } = this.clock;
    const together = !this.choices.deviates;
    const { count } = this.#traffic!;
    let i = this.#next;
    let at = this.#advance();
    let n = 1;
    for (; together && at === now; n++) at = this.#advance();
    // the next arrival is asked for first, so that frames of one instant keep their order
    if (at < Infinity) this.clock.at(at, this.#arrival, 0);
    for (; n > 0; n--) {
      this.#deliver(i);
      i = i + 1 === count ? 0 : i + 1;
    }
  }

  /** Goes on to the next frame; answers when it comes, or Infinity. */
  #advance(): number {
    const { at, count } = this.#traffic!;
    if (++this.#next === count && ++this.#turn < this.#times) {
      this.#next = 0;
      this.#laterPs += this.#periodPs;
    }
    return this.#next < count ? at[this.#next]! + this.#laterPs : Infinity;
  }

  #deliver(i: number): void {
    const traffic = this.#traffic!;
    const nic = this.nics[traffic.port[i]!]!;
    const badFcs = traffic.badFcs !== undefined && traffic.badFcs[i] === 1;
    nic.macIn.arrive(i, traffic.bytes, traffic.offset[i]!, traffic.length[i]!, badFcs);
  }
}
