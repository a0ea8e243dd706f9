/**
 * The host side of a NIC: queue pairs over descriptor rings in host memory, a vector for each, and the
 * doorbells that a driver rings. A doorbell is a posted write to a register: it takes the path of the fabric
 * and arrives later.
 */
import type { Context } from "../host/context.ts";
import type { Vector } from "../host/irq.ts";
import type { Memory, Region } from "../memory/memory.ts";
import type { HostPathProfile } from "../machine/profile.ts";
import type { Observation } from "../machine/observation.ts";
import type { Clock } from "../time/clock.ts";
import type { DmaEngine } from "./dma.ts";
import { HostPath } from "./host_path.ts";
import type { MacIn } from "./mac.ts";
import type { MacOut } from "./mac_out.ts";
import type { Mmio } from "./mmio.ts";
import { ReceiveSide } from "./receive_side.ts";
import { type DescriptorRing, type DeviceSide, key, queueOf } from "./rings.ts";
import type { Toeplitz } from "../packet/toeplitz.ts";
import type { WriteMeaning } from "../pcie/late_fabric.ts";
import { TransmitSide } from "./transmit_side.ts";
import { checkQueues, IXGBE_QUEUES, type QueueProfile } from "./write_back.ts";

/** Bytes of a register write: a doorbell, or the unmasking of a vector. */
const REGISTER_BYTES = 4;

/**
 * Queue pairs of one NIC.
 *
 * @example
 * ```ts
 * import { Machine } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { PLAIN_GEOMETRY } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const small = { ports: 1, lcores: 1, ring: 64, ingress: 64, buffers: 1024 };
 * const machine = new Machine(machineProfile(paperHost), small);
 * machine.reset({ ...PLAIN_GEOMETRY, ports: 1 }, 0, [], () => {});
 * const queues = machine.nics[0]!.bootQueues();
 * queues.rxTail(machine.lcores[0]!.irq, 0, 5);
 * assertEquals(queues.rx[0]!.tail, 0);
 * machine.clock.run({ horizonPs: 1e9, events: 1000 });
 * // the doorbell has crossed the fabric
 * assertEquals([queues.rx[0]!.tail, machine.mmio.count], [5, 1]);
 * ```
 */
export class QueuePairs implements DeviceSide {
  /** Receive ring of each queue, by lcore. */
  readonly rx: readonly DescriptorRing[];
  /** Transmit ring of each queue, by lcore. */
  readonly tx: readonly DescriptorRing[];
  /** Vector of each queue pair. */
  readonly vectors: readonly Vector[];
  /** Which queue an RSS hash leads to. */
  readonly reta: Uint8Array = new Uint8Array(0);

  readonly #clock: Clock;
  readonly #hostPath: HostPath;
  readonly #receive: ReceiveSide;
  readonly #transmit: TransmitSide;
  readonly #ringRx: number = 0;
  readonly #ringTx: number = 0;
  readonly #disableRx: number = 0;
  readonly #unmask: number = 0;
  readonly #enable: number = 0;

  /**
   * Queue pairs that `reset` has to set up.
   * @param most largest sizes of ingress buffer, transmit FIFO, rings, queues and buffers
   * @param policy how descriptors are read and reported
   * @param hostPath the firmware between them and the port, if there is any
   * @throws {RangeError} when the policy is none that a device has
   */
  constructor(
    node: number,
    clock: Clock,
    memory: Memory,
    observation: Observation,
    parts: {
      dma: DmaEngine;
      macIn: MacIn;
      macOut: MacOut;
      vectors: readonly Vector[];
      mmio: Mmio;
    },
    most: { ingress: number; fifo: number; ring: number; queues: number; buffers: number },
    policy: QueueProfile = IXGBE_QUEUES,
    hostPath?: HostPathProfile,
  ) {
    checkQueues(policy);
    this.#clock = clock;
    this.vectors = parts.vectors;
    this.#hostPath = new HostPath(clock, hostPath, most);
    const all = { ...parts, hostPath: this.#hostPath };
    this.#receive = new ReceiveSide(clock, memory, observation, all, most, policy);
    this.#transmit = new TransmitSide(clock, memory, observation, all, most, policy);
    this.rx = this.#receive.rings;
    this.tx = this.#transmit.rings;
    this.reta = this.#receive.steering.reta;
    const doorbell = (handler: number) => (arg: number): void => {
      observation.doorbells++;
      parts.mmio.write(node, REGISTER_BYTES, handler, arg);
    };
    this.#ringRx = clock.register(doorbell(this.#receive.tailHandler));
    this.#ringTx = clock.register(doorbell(this.#transmit.tailHandler));
    this.#disableRx = clock.register((q) =>
      parts.mmio.write(node, REGISTER_BYTES, this.#receive.stopHandler, q)
    );
    this.#enable = clock.register((q) => this.vectors[q]!.enable());
    this.#unmask = clock.register((q) => parts.mmio.write(node, REGISTER_BYTES, this.#enable, q));
  }

  /** Leads frames to a destination address to a queue, instead of by hash; of other addresses, to queue 0 (VMDq). */
  pool(mac: number, queue: number): void {
    this.#receive.steering.pool(mac, queue);
  }

  /** A driver writes the RSS key before traffic comes, as the tables of its hash; a reset brings the default one back. */
  setRss(toeplitz: Toeplitz): void {
    this.#receive.steering.rss = toeplitz;
  }

  /** Says what its writes and those to its registers mean: calls `say` with the handler and meaning of each. */
  tellMeanings(nic: string, say: (handler: number, meaning: WriteMeaning) => void): void {
    const { doneHandler: rxDone, tailHandler: rxTail } = this.#receive;
    const { doneHandler: txDone, tailHandler: txTail } = this.#transmit;
    say(rxDone, { kind: "rx write-back", nic, queueOf });
    say(txDone, { kind: "tx write-back", nic, queueOf });
    say(rxTail, { kind: "rx doorbell", nic, queueOf });
    say(txTail, { kind: "tx doorbell", nic, queueOf });
    say(this.#enable, { kind: "unmask", nic, queueOf: (q) => q });
  }

  /** Empty rings of these sizes; takes over the port. */
  reset(
    queues: number,
    sizes: { rx: number; tx: number },
    fifo: Region,
    places: { rx: readonly number[]; tx: readonly number[] },
  ): void {
    this.#hostPath.reset();
    this.#receive.reset(queues, sizes.rx, places.rx);
    this.#transmit.reset(queues, sizes.tx, places.tx, fifo);
  }

  /** Doorbell: receive descriptors before slot `slot` are the device's, once it has arrived. */
  rxTail(cpu: Context, queue: number, slot: number): void {
    this.#clock.at(cpu.nowPs, this.#ringRx, key(queue, slot));
  }

  /** Doorbell: transmit descriptors before slot `slot` are the device's, once it has arrived. */
  txTail(cpu: Context, queue: number, slot: number): void {
    this.#clock.at(cpu.nowPs, this.#ringTx, key(queue, slot));
  }

  /** Clears RXDCTL.ENABLE of a queue; the device learns of it when the write has arrived. */
  rxStop(cpu: Context, queue: number): void {
    this.#clock.at(cpu.nowPs, this.#disableRx, queue);
  }

  /** Unmasks the vector of a queue pair at the context's own time. */
  irqEnable(cpu: Context, queue: number): void {
    this.#clock.at(cpu.nowPs, this.#unmask, queue);
  }
}
