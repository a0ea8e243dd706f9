/**
 * A router between the ports of a machine: the app that makes a forwarder of NIC apps. Its links are called after the
 * ports, `nic0`, `nic1`, ..., on both sides. What may not be forwarded it frees, for a reason.
 */
import { checkFrame, ipv4Dst, rewriteFrame } from "../../../core/packet/mod.ts";
import { REASON, type Reason } from "../../../core/policy.ts";
import { SnabbApp } from "../app.ts";
import type { Link } from "../link.ts";
import type { SnabbProcess } from "../process.ts";

const ETHERNET_HEADER_BYTES = 14;

/** IPv4 by the machine's table. */
export class Router extends SnabbApp {
  /** Packets that it freed because they may not be forwarded. */
  discarded = 0;
  readonly #process: SnabbProcess;
  /** Output link of each port. */
  readonly #outputs: (Link | undefined)[] = [];

  /** Routes of the machine's table. */
  constructor(_: unknown, process: SnabbProcess) {
    super();
    this.#process = process;
  }

  override link(): void {
    this.#findOutputs();
  }

  #findOutputs(): void {
    const ports = this.#process.env.hardware.nics.length;
    for (let p = 0; p < ports; p++) this.#outputs[p] = this.output[`nic${p}`];
  }

  override push(): void {
    for (let i = 0; i < this.input.length; i++) this.#route(this.input[i]!);
  }

  #route(input: Link): void {
    const { link, costs } = this.#process;
    let n = 0;
    while (!link.empty(input)) {
      this.#forward(link.receive(input));
      n++;
    }
    this.#process.charge(n * costs.appPacket);
  }

  #forward(p: number): void {
    const { link, memory: { bytes, offset, length }, env: { fib, neighbours } } = this.#process;
    const at = offset[p]!;
    const reason = checkFrame(bytes, at, length[p]!);
    if (reason !== REASON.none) return this.#discard(p, reason);
    const nextHop = fib.lookup(ipv4Dst(bytes, at + ETHERNET_HEADER_BYTES));
    const output = nextHop < 0 ? undefined : this.#outputs[neighbours.port[nextHop]!];
    if (output === undefined) return this.#discard(p, REASON["no-route"]);
    rewriteFrame(bytes, at, neighbours, nextHop);
    link.transmit(output, p);
  }

  #discard(p: number, reason: Reason): void {
    this.discarded++;
    this.#process.discard(p, reason);
  }

  /** A link that is removed may be an output. */
  override unlink(direction: "input" | "output", name: string): void {
    const port = this.#outputs.indexOf(this.output[name]);
    if (direction === "output" && port >= 0) this.#outputs[port] = undefined;
  }
}
