/**
 * Bridges between any number of links, each of which is called the same on both sides. `Flooding` sends each packet to
 * all others; `Learning` remembers behind which port a source address was seen last. Ports of one split-horizon group do
 * not talk to each other. Source: apps/bridge/{base,flooding,learning}.lua.
 */
import { REASON } from "../../../core/policy.ts";
import { dstMac, isGroupMac, srcMac } from "../../../core/packet/mod.ts";
import { type ConfigKey, SnabbApp } from "../app.ts";
import type { Link } from "../link.ts";
import type { SnabbProcess } from "../process.ts";

/** What a bridge is started with. */
export interface BridgeConf {
  /** Names of links that belong to no group. */
  readonly ports?: readonly string[];
  /** Names of links by group. */
  readonly split_horizon_groups?: { readonly [group: string]: readonly string[] };
  /** Seconds that an address is remembered. */
  readonly timeout: number;
}

/** `apps.bridge.flooding`. */
export class Flooding extends SnabbApp {
  static readonly config: { readonly [key: string]: ConfigKey } = {
    ports: {},
    split_horizon_groups: {},
    timeout: { default: 60 },
  };
  protected readonly process: SnabbProcess;
  readonly #ports: readonly string[];
  /** For each port, those that it talks to. */
  readonly #others = new Map<string, readonly string[]>();

  /** @throws {RangeError} when a port is named twice, or there is none */
  constructor(conf: BridgeConf, process: SnabbProcess) {
    super();
    this.process = process;
    const groups = [
      ...(conf.ports ?? []).map((port) => [port]),
      ...Object.values(conf.split_horizon_groups ?? {}),
    ];
    this.#ports = groups.flat();
    if (this.#ports.length === 0 || new Set(this.#ports).size < this.#ports.length) {
      throw new RangeError(
        `Cannot start a bridge: its ports are ${this.#ports.join(", ") || "none"}`,
      );
    }
    for (const group of groups) {
      for (const port of group) {
        this.#others.set(port, this.#ports.filter((other) => !group.includes(other)));
      }
    }
  }

  override push(): void {
    const { link, costs } = this.process;
    for (const port of this.#ports) {
      const input = this.input[port];
      if (input === undefined) continue;
      let n = 0;
      for (; !link.empty(input); n++) this.bridge(port, link.receive(input));
      this.process.charge(n * costs.linkPacket);
    }
  }

  /** Sends a packet on. */
  protected bridge(port: string, p: number): void {
    this.flood(port, p);
  }

  /** A copy to every port that this one talks to. */
  protected flood(port: string, p: number): void {
    const { link, packet } = this.process;
    const outputs: Link[] = [];
    for (const other of this.#others.get(port)!) {
      if (this.output[other] !== undefined) outputs.push(this.output[other]);
    }
    for (let i = 1; i < outputs.length; i++) link.transmit(outputs[i]!, packet.clone(p));
    if (outputs.length > 0) link.transmit(outputs[0]!, p);
    else this.process.discard(p, REASON.other);
  }

  /** Whether two ports talk to each other. */
  protected talks(from: string, to: string): boolean {
    return this.#others.get(from)!.includes(to);
  }
}

/** `apps.bridge.learning`. */
export class Learning extends Flooding {
  /** Port behind which each address was seen, and when. */
  readonly #table = new Map<number, { port: string; seen: number }>();
  readonly #timeout: number;

  /** Knows no address yet. */
  constructor(conf: BridgeConf, process: SnabbProcess) {
    super(conf, process);
    this.#timeout = conf.timeout;
  }

  protected override bridge(port: string, p: number): void {
    const { memory: { bytes, offset }, engine, link } = this.process;
    const now = engine.now();
    const at = offset[p]!;
    if (!isGroupMac(bytes, at + 6)) this.#table.set(srcMac(bytes, at), { port, seen: now });
    const known = this.#table.get(dstMac(bytes, at));
    if (known === undefined || now - known.seen > this.#timeout) return this.flood(port, p);
    const output = this.output[known.port];
    if (output !== undefined && this.talks(port, known.port)) link.transmit(output, p);
    else this.process.discard(p, REASON.other);
  }

  /** Addresses that are remembered. */
  get learned(): number {
    return this.#table.size;
  }

  override report(): readonly string[] {
    return [`${this.#table.size} addresses`];
  }
}
