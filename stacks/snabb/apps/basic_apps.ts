/** Small apps that networks are tried with. Source: apps/basic/basic_apps.lua. */
import { REASON } from "../../../core/policy.ts";
import { type ConfigKey, SnabbApp } from "../app.ts";
import type { Link } from "../link.ts";
import type { SnabbProcess } from "../process.ts";

/** What all of them have. */
class BasicApp extends SnabbApp {
  protected readonly process: SnabbProcess;

  /** An app that keeps nothing but its process. */
  constructor(_: unknown, process: SnabbProcess) {
    super();
    this.process = process;
  }

  /** Hands every packet of an input to `each`. */
  protected drain(input: Link, each: (p: number) => void): void {
    const { link, costs } = this.process;
    let n = 0;
    while (!link.empty(input)) {
      each(link.receive(input));
      n++;
    }
    this.process.charge(n * costs.linkPacket);
  }
}

/** Transmits packets of its own making on all outputs, a pull's worth on each. */
export class Source extends BasicApp {
  static readonly config: { readonly [key: string]: ConfigKey } = { size: { default: 60 } };
  readonly #template: Uint8Array;

  /** Packets of `size` bytes. */
  constructor(arg: { readonly size: number }, process: SnabbProcess) {
    super(arg, process);
    this.#template = new Uint8Array(arg.size);
  }

  override pull(): void {
    const { engine, link, packet, costs } = this.process;
    for (let o = 0; o < this.output.length; o++) {
      for (let i = 0; i < engine.pullNpackets; i++) {
        link.transmit(this.output[o]!, packet.fromPointer(this.#template));
      }
      this.process.charge(engine.pullNpackets * costs.linkPacket);
    }
  }
}

/** Takes all packets that come and frees them. */
export class Sink extends BasicApp {
  override push(): void {
    for (let i = 0; i < this.input.length; i++) {
      this.drain(this.input[i]!, (p) => this.process.discard(p, REASON.consumed));
    }
  }
}

/** All inputs to one output, whatever it is called. */
export class Join extends BasicApp {
  override push(): void {
    const output = this.output[0]!;
    for (let i = 0; i < this.input.length; i++) {
      this.drain(this.input[i]!, (p) => this.process.link.transmit(output, p));
    }
  }
}

/** All inputs to all outputs in turn. */
export class Split extends BasicApp {
  #turn = 0;

  override push(): void {
    for (let i = 0; i < this.input.length; i++) {
      this.drain(this.input[i]!, (p) => {
        this.process.link.transmit(this.output[this.#turn++ % this.output.length]!, p);
      });
    }
  }
}

/** All inputs to all outputs, a copy to each but the last. */
export class Tee extends BasicApp {
  override push(): void {
    const { link, packet } = this.process;
    for (let i = 0; i < this.input.length; i++) {
      this.drain(this.input[i]!, (p) => {
        for (let o = 0; o < this.output.length - 1; o++) {
          link.transmit(this.output[o]!, packet.clone(p));
        }
        link.transmit(this.output[this.output.length - 1]!, p);
      });
    }
  }
}

/** Keeps what it has received and transmits copies of it over and over. */
export class Repeater extends BasicApp {
  readonly #packets: number[] = [];
  #next = 0;

  override push(): void {
    const { link, packet } = this.process;
    const output = this.output.output!;
    this.drain(this.input.input!, (p) => this.#packets.push(p));
    const n = this.#packets.length;
    if (n === 0) return;
    for (let i = Math.min(link.nwritable(output), this.process.engine.pullNpackets); i > 0; i--) {
      link.transmit(output, packet.clone(this.#packets[this.#next++ % n]!));
    }
  }

  override stop(): void {
    for (const p of this.#packets) this.process.discard(p, REASON.other);
    this.#packets.length = 0;
  }

  override held(): Iterable<number> {
    return this.#packets;
  }
}

/** Passes on the first `n` bytes of each packet, with zeros where it has fewer. */
export class Truncate extends BasicApp {
  static readonly config: { readonly [key: string]: ConfigKey } = { n: { required: true } };
  readonly #bytes: number;

  /** Packets come out with `n` bytes. */
  constructor(arg: { readonly n: number }, process: SnabbProcess) {
    super(arg, process);
    this.#bytes = arg.n;
  }

  override push(): void {
    const { link, packet } = this.process;
    this.drain(this.input.input!, (p) => {
      link.transmit(this.output.output!, packet.resize(p, this.#bytes));
    });
  }
}
