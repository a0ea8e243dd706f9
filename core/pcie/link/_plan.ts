/**
 * What follows from the options once and for all: directions, rates, and who is reached by which port.
 * Direction `2 n` leads from node `n` up to its parent, `2 n + 1` back down; `d ^ 1` is the other way.
 */
import type { PcieOptions } from "./options.ts";
import { windowBytes } from "./options.ts";
import { ackLatencyPs, isFlit, psPerByte, skp } from "./_rates.ts";

/** Directions and routes of a topology. */
export class Plan {
  readonly nodes: number;
  readonly directions: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly psPerByte: Float64Array;
  readonly flit: Uint8Array;
  readonly propagationPs: Float64Array;
  readonly skpBytes: Int32Array;
  readonly skpPs: Float64Array;
  readonly ackPs: Float64Array;
  readonly replayPs: Float64Array;
  /** Directions that leave each node, up first. */
  readonly ports: readonly (readonly number[])[];
  /** Place of a direction, or of its opposite, among the ports of the node that it leaves. */
  readonly place: Int32Array;
  readonly isSwitch: Uint8Array;
  readonly names: readonly string[];
  readonly #hop: Int32Array;
  readonly #window: number;
  readonly #options: PcieOptions;

  constructor(o: PcieOptions) {
    const n = o.nodes.length;
    this.nodes = n;
    this.directions = 2 * n;
    this.#options = o;
    this.#window = windowBytes(o.addressBits);
    const links = o.nodes.flatMap(({ link }) => [link, link]);
    this.from = Int32Array.from(links, (_, d) => d & 1 ? o.nodes[d >> 1]!.parent : d >> 1);
    this.to = Int32Array.from(links, (_, d) => d & 1 ? d >> 1 : o.nodes[d >> 1]!.parent);
    this.psPerByte = Float64Array.from(links, psPerByte);
    this.flit = Uint8Array.from(links, (link) => isFlit(link) ? 1 : 0);
    this.propagationPs = Float64Array.from(links, (link) => link.propagationPs);
    this.skpBytes = Int32Array.from(links, (link) => skp(link).bytes);
    this.skpPs = Float64Array.from(links, (link) => skp(link).everyPs);
    const table = links.map((link) => ackLatencyPs(link, o.mps));
    this.ackPs = Float64Array.from(table, (ps) => o.ackPs < 0 ? ps : o.ackPs);
    this.replayPs = Float64Array.from(
      table,
      // beside the specification's three latencies, what this link's own length and Ack latency ask for
      (ps, d) =>
        o.replayPs < 0 ? 3 * Math.max(ps, this.ackPs[d]!) + 2 * this.propagationPs[d]! : o.replayPs,
    );
    this.isSwitch = Uint8Array.from(o.nodes, ({ kind }) => kind === "switch" ? 1 : 0);
    this.ports = o.nodes.map((_, node) => [
      ...(node === 0 ? [] : [2 * node]),
      ...o.nodes.flatMap(({ parent }, child) => parent === node ? [2 * child + 1] : []),
    ]);
    this.place = new Int32Array(2 * n);
    for (const ports of this.ports) ports.forEach((d, i) => this.place[d] = i);
    this.#hop = this.#hops();
    this.names = nodeNames(o);
  }

  #hops(): Int32Array {
    const n = this.nodes;
    const hop = new Int32Array(n * n).fill(-1);
    for (let node = 0; node < n; node++) {
      for (let target = 0; target < n; target++) {
        if (target === node) continue;
        let below = target;
        while (below > 0 && this.#options.nodes[below]!.parent !== node) {
          below = this.#options.nodes[below]!.parent;
        }
        hop[node * n + target] = below > 0 ? 2 * below + 1 : 2 * node;
      }
    }
    return hop;
  }

  /** The direction that leads from a node towards another. */
  hop(node: number, target: number): number {
    return this.#hop[node * this.nodes + target]!;
  }

  /** Whose window an address lies in; what belongs to none is the root complex's to refuse. */
  owner(address: number): number {
    const node = Math.floor(address / this.#window);
    return node < this.nodes ? node : -1;
  }

  /**
   * Where a TLP that came to `node` by `ingress` (-1: made here) goes: a direction, -1 for the node itself,
   * -2 where nobody takes it.
   */
  route(node: number, ingress: number, target: number, isAddressed: boolean): number {
    const { acsRedirect, rootPeerToPeer } = this.#options;
    if (target === node) return isAddressed && this.isSwitch[node] === 1 ? -2 : -1;
    if (target < 0) return node === 0 ? -2 : 2 * node;
    const egress = this.hop(node, target);
    if (ingress < 0) return egress;
    const fromBelow = (ingress & 1) === 0;
    const isPeer = fromBelow && (egress & 1) === 1;
    if (!isPeer) return egress;
    if (node === 0) return rootPeerToPeer || egress === (ingress ^ 1) ? egress : -2;
    return acsRedirect ? 2 * node : egress;
  }
}

function nodeNames(o: PcieOptions): string[] {
  let switches = 0;
  let endpoints = 0;
  const only = o.nodes.filter(({ kind }) => kind === "switch").length === 1;
  return o.nodes.map(({ kind }) =>
    kind === "root"
      ? "host"
      : kind === "switch"
      ? only ? "switch" : `switch${switches++}`
      : `nic${endpoints++}`
  );
}
