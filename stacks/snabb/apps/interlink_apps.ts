/** Both ends of an interlink as apps. Source: apps/interlink/{receiver,transmitter}.lua. */
import { type ConfigKey, SnabbApp } from "../app.ts";
import type { Interlink } from "../interlink.ts";
import type { SnabbProcess } from "../process.ts";

/** What both are started with. */
export interface InterlinkConf {
  /** Name of the interlink, the same at both ends; by default that of the app. */
  readonly queue: string;
  /** Slots, a power of two. */
  readonly size: number;
}

const CONFIG: { readonly [key: string]: ConfigKey } = {
  queue: { required: true },
  size: { default: 1024 },
};

/** Takes packets from another process. */
export class Receiver extends SnabbApp {
  static readonly config: { readonly [key: string]: ConfigKey } = CONFIG;
  readonly #process: SnabbProcess;
  readonly #interlink: Interlink;

  /** Attaches the receiving end. */
  constructor({ queue, size }: InterlinkConf, process: SnabbProcess) {
    super();
    this.#process = process;
    this.#interlink = process.machinery.interlinks.attach(queue, "receiver", size);
  }

  override pull(): void {
    const { link, engine, costs, cpu } = this.#process;
    const output = this.output.output!;
    const queue = this.#interlink;
    const syncs = queue.syncs;
    // as of the start of this pull: what is pushed meanwhile is for the next
    const now = cpu.tsc();
    let n = 0;
    while (n < engine.pullNpackets && !queue.empty(now)) {
      link.transmit(output, queue.extract());
      n++;
    }
    this.#process.charge(n * costs.interlinkPacket + (queue.syncs - syncs) * costs.interlinkSync);
    queue.pull(cpu.tsc());
  }

  override stop(): void {
    const { machinery, packet } = this.#process;
    machinery.interlinks.detach(this.#interlink, "receiver", (p) => packet.free(p));
  }
}

/** Gives packets to another process; what does not fit stays in its link. */
export class Transmitter extends SnabbApp {
  static readonly config: { readonly [key: string]: ConfigKey } = CONFIG;
  readonly #process: SnabbProcess;
  readonly #interlink: Interlink;

  /** Attaches the transmitting end. */
  constructor({ queue, size }: InterlinkConf, process: SnabbProcess) {
    super();
    this.#process = process;
    this.#interlink = process.machinery.interlinks.attach(queue, "transmitter", size);
  }

  override push(): void {
    const { link, packet, costs, cpu } = this.#process;
    const input = this.input.input!;
    const queue = this.#interlink;
    const syncs = queue.syncs;
    const now = cpu.tsc();
    let n = 0;
    while (!link.empty(input) && !queue.full(now)) {
      const p = link.receive(input);
      packet.accountFree(p);
      queue.insert(p);
      n++;
    }
    this.#process.charge(n * costs.interlinkPacket + (queue.syncs - syncs) * costs.interlinkSync);
    queue.push(cpu.tsc());
  }

  override stop(): void {
    const { machinery, packet } = this.#process;
    machinery.interlinks.detach(this.#interlink, "transmitter", (p) => packet.free(p));
  }
}
