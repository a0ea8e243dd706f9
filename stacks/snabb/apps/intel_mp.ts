/**
 * The Intel 82599 with several processes on it: each instance drives one receive and one transmit queue, or one of
 * both. Queues get their packets by hash (RSS), or by destination address (VMDq).
 * Source: apps/intel_mp/intel_mp.lua.
 */
import type { Nic } from "../../../core/nic/nic.ts";
import { parseMac } from "../../../core/packet/mod.ts";
import { type ConfigKey, SnabbApp } from "../app.ts";
import type { SnabbProcess } from "../process.ts";
import { RingWatch } from "../ring_watch.ts";
import { IntelRx } from "./intel_rx.ts";
import { IntelTx } from "./intel_tx.ts";

/** What the app is started with. */
export interface IntelConf {
  /** Which device: the bus number is the port, as in `0000:01:00.0`. */
  readonly pciaddr: string;
  /** Receive queue, or false for none; by default the number of the process. */
  readonly rxq?: number | false;
  /** Transmit queue, likewise. */
  readonly txq?: number | false;
  /** Longest frame that is sent. */
  readonly mtu: number;
  /** Frames to `macaddr` come to this queue, instead of frames by their hash. */
  readonly vmdq: boolean;
  /** The address, as `02:00:00:00:00:01`. */
  readonly macaddr?: string;
}

const PCI = /^(?:[0-9a-f]{4}:)?([0-9a-f]{2}):[0-9a-f]{2}\.[0-7]$/;

/** `apps.intel_mp.intel_mp`. */
export class Intel extends SnabbApp {
  static readonly config: { readonly [key: string]: ConfigKey } = {
    pciaddr: { required: true },
    rxq: {},
    txq: {},
    mtu: { default: 9014 },
    vmdq: { default: false },
    macaddr: {},
  };
  /** Number of its port. */
  readonly port: number;
  /** Checks both rings; null where nothing is checked. */
  readonly watch: RingWatch | null;
  /** Its queues, where it has them. */
  readonly rx: IntelRx | null;
  readonly tx: IntelTx | null;
  readonly #process: SnabbProcess;

  /**
   * Starts both queues.
   * @throws {RangeError} when there is no such device or queue
   * @throws {TypeError} when there is no address to choose a pool by
   */
  constructor(conf: IntelConf, process: SnabbProcess) {
    super();
    this.#process = process;
    const { port, queues } = nicAt(process, conf.pciaddr);
    this.port = port;
    this.watch = process.settings.developerDebug ? new RingWatch(`nic${port}`) : null;
    const rxq = queueOf("rxq", conf.rxq ?? process.pid, process);
    const txq = queueOf("txq", conf.txq ?? process.pid, process);
    this.tx = txq === null ? null : new IntelTx(process, queues, txq, conf.mtu, this.watch);
    this.rx = rxq === null ? null : new IntelRx(process, queues, rxq, this.watch);
    if (conf.vmdq && rxq !== null) queues.pool(macOf(conf), rxq);
  }

  override pull(): void {
    const { output } = this.output;
    if (this.rx !== null && output !== undefined) this.rx.pull(output);
  }

  override push(): void {
    const { input } = this.input;
    if (this.tx !== null && input !== undefined) this.tx.push(input);
  }

  /** Disables both queues; their packets are freed when the device has let go of them. */
  override stop(): void {
    this.rx?.stop();
    this.tx?.stop();
    let [rx, tx] = [this.rx === null, this.tx === null];
    this.#process.engine.network.await(this, () => {
      rx ||= this.rx!.released();
      tx ||= this.tx!.released();
      return rx && tx;
    });
  }

  override *held(): Iterable<number> {
    for (const p of this.rx?.queue ?? []) if (p >= 0) yield p;
    for (const p of this.tx?.queue ?? []) if (p >= 0) yield p;
  }

  /** Counters of its queues, as its shm frame has them, and accesses to registers. */
  get stats(): { readonly [counter: string]: number } {
    const { rx, tx } = this;
    return {
      rxpackets: rx?.packets ?? 0,
      rxbytes: rx?.bytes ?? 0,
      rxdrop: rx?.dropped ?? 0,
      txpackets: tx?.packets ?? 0,
      txbytes: tx?.bytes ?? 0,
      txdrop: tx?.drop ?? 0,
      "RDT writes": rx?.rdtWrites ?? 0,
      "TDT writes": tx?.tdtWrites ?? 0,
      "TDH reads": tx?.tdhReads ?? 0,
    };
  }
}

/** The NIC at a PCI address. */
export function nicAt({ env }: SnabbProcess, pciaddr: string): Nic {
  const [, bus] = PCI.exec(pciaddr) ?? [];
  const { nics } = env.hardware;
  const nic = bus === undefined ? undefined : nics[parseInt(bus, 16)];
  if (nic !== undefined) return nic;
  const known = nics.map(({ port }) => pciaddrOf(port)).join(", ");
  throw new RangeError(`Cannot start Intel: no device ${pciaddr}; there are ${known}`);
}

/** The PCI address of a port. */
export function pciaddrOf(port: number): string {
  return `0000:${port.toString(16).padStart(2, "0")}:00.0`;
}

function queueOf(name: string, queue: number | false, { env }: SnabbProcess): number | null {
  if (queue === false) return null;
  if (Number.isInteger(queue) && queue >= 0 && queue < env.lcores) return queue;
  throw new RangeError(
    `Cannot start Intel: ${name} ${queue} is not a queue in 0..${env.lcores - 1}`,
  );
}

function macOf({ macaddr }: IntelConf): number {
  if (macaddr !== undefined) return parseMac(macaddr);
  throw new TypeError("Cannot start Intel: vmdq needs a macaddr");
}
