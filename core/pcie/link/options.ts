/**
 * The parameters of the link-level PCIe model: one plain object, checked as a whole. What is left out has the
 * value of `PCIE_DEFAULTS`.
 *
 * A topology is a tree: node 0 is the root complex with the host's memory behind it, every other node hangs by
 * one link below a root port or a switch port. Each node owns a window of the address space, in which requests
 * to it lie: node `n` from `n * windowBytes(addressBits)` on; node 0's window is the host's memory.
 */

/** Speed of a link. Generation 6 sends flits, the others single packets. */
export type Generation = 1 | 2 | 3 | 4 | 5 | 6;

/** A link, both directions. */
export interface PcieLink {
  /** 1..6: 2.5, 5, 8, 16, 32, 64 GT/s a lane. */
  readonly generation: Generation;
  /** 1, 2, 4, 8 or 16. */
  readonly lanes: number;
  /** From the last symbol's departure to its arrival, each way, in ps. */
  readonly propagationPs: number;
}

/** Receive buffer of one class in credits: headers, and 16-byte units of data. 0 is infinite. */
export type PcieCredits = readonly [headers: number, data: number];

/** What a port advertises: posted, non-posted, completion. */
export type PcieBuffers = readonly [PcieCredits, PcieCredits, PcieCredits];

/** A node of the tree. */
export interface PcieNode {
  /** Node 0 is the root, and no other. */
  readonly kind: "root" | "switch" | "endpoint";
  /** The node above, a smaller number; -1 for the root. */
  readonly parent: number;
  /** The link to the node above; of no meaning for the root. */
  readonly link: PcieLink;
  /** What each port of this node advertises to its link partner. */
  readonly buffers: PcieBuffers;
}

/** What one completer or memory takes for an access: the seam to a model of the host or of a device. */
export type PcieLatency = (
  /** The completer. */
  node: number,
  /** Where the access begins. */
  address: number,
  /** Its bytes. */
  bytes: number,
  /** `read`: until the first completion may leave; `write`: until the bytes are visible. */
  kind: "read" | "write",
) => number;

/** Rules that may be taken away, each a fault that is known to end in a deadlock; for tests of the tests. */
export type PcieMutant =
  | "completion-waits-for-non-posted"
  | "posted-waits-for-non-posted"
  | "posted-accepted-only-when-one-can-be-sent"
  | "one-buffer-for-all-classes";

/** Shared part of a switch's receive buffers, in credits beside the reserves (`buffers`) of its ports. */
export interface PciePool {
  /** Header credits. */
  readonly headers: number;
  /** Data credits. */
  readonly data: number;
  /** A class of a port with fewer credits out than this is given as many again, while the pool has them. */
  readonly threshold: PcieCredits;
}

/** Everything that can be set. */
export interface PcieOptions {
  /** The topology. */
  readonly nodes: readonly PcieNode[];
  /** Maximum payload size: a power of two in 128..4096 bytes. */
  readonly mps: number;
  /** Maximum read request size: the same range. */
  readonly mrrs: number;
  /** Read completion boundary of the root complex, 64 or 128 bytes; other completers have 128. */
  readonly rcb: 64 | 128;
  /** Completions as long as the payload size allows, or one for each boundary, where the choices say nothing. */
  readonly split: "mps" | "rcb";
  /** Form of the headers: 3 words with 32-bit addresses, 4 with 64-bit ones. */
  readonly addressBits: 32 | 64;
  /** Whether every TLP carries the digest, 4 bytes. */
  readonly ecrc: boolean;
  /** Whether SKP ordered sets are sent. */
  readonly skp: boolean;
  /** Width of the tag field: 32, 256 or 1024 requests of a node are outstanding at most. */
  readonly tagBits: 5 | 8 | 10;
  /** Requests a completer works on at a time; more wait in its receive buffer. */
  readonly reads: number;
  /** Bytes a requester has room for in completions: it asks for no more at a time. */
  readonly completionBufferBytes: number;
  /** Operations that may wait in a node's own queue of a class. */
  readonly waiting: number;
  /** From a request's first bit until it is given up, in ps. */
  readonly completionTimeoutPs: number;
  /** Longest time an accepted TLP waits for its Ack, in ps; -1: the specification's table. */
  readonly ackPs: number;
  /** Replay timer in ps; -1: three times the table's Ack latency. */
  readonly replayPs: number;
  /** Longest time freed credits wait for their UpdateFC, in ps. */
  readonly updateFcPs: number;
  /** TLPs that a replay buffer holds: a power of two up to 2048. */
  readonly replayTlps: number;
  /** Scaled flow control: a field of an InitFC or UpdateFC counts this many credits. */
  readonly creditScale: 1 | 4 | 16;
  /** From the first symbol at a switch or root port until it may leave again, in ps. */
  readonly switchPs: number;
  /** Posted TLPs of an ingress port: a queue for each egress, or one for all. */
  readonly postedQueue: "voq" | "shared";
  /** What the ports of a switch share. */
  readonly pool: PciePool;
  /** Whether switches send all peer-to-peer TLPs up to the root complex. */
  readonly acsRedirect: boolean;
  /** Whether the root complex forwards between its root ports. */
  readonly rootPeerToPeer: boolean;
  /** Time that completers and memories take. */
  readonly latency: PcieLatency;
  /** Rules that are taken away. */
  readonly mutants: readonly PcieMutant[];
}

/** What each port of a switch advertises where nothing else is said. */
export const SWITCH_BUFFERS: PcieBuffers = [[64, 512], [64, 64], [64, 512]];
/** Endpoints and root ports take every completion: they have made room before they ask (2.6.1). */
export const ENDPOINT_BUFFERS: PcieBuffers = [[64, 512], [64, 64], [0, 0]];

const LINK: PcieLink = { generation: 3, lanes: 8, propagationPs: 1000 };

/** A root complex, a switch and `devices` endpoints: nodes 0, 1, and 2 on. */
export function pcieStar(
  devices: number,
  device: PcieLink = LINK,
  upstream: PcieLink = { ...LINK, lanes: 16 },
): PcieNode[] {
  const below = Array.from({ length: devices }, (): PcieNode => {
    return { kind: "endpoint", parent: 1, link: device, buffers: ENDPOINT_BUFFERS };
  });
  return [
    { kind: "root", parent: -1, link: upstream, buffers: ENDPOINT_BUFFERS },
    { kind: "switch", parent: 0, link: upstream, buffers: SWITCH_BUFFERS },
    ...below,
  ];
}

/** Two devices behind a Gen3 x16 switch, and what is usual everywhere else. */
export const PCIE_DEFAULTS: PcieOptions = {
  nodes: pcieStar(2),
  mps: 256,
  mrrs: 512,
  rcb: 64,
  split: "mps",
  addressBits: 64,
  ecrc: false,
  skp: true,
  tagBits: 8,
  reads: 64,
  completionBufferBytes: 65536,
  waiting: 64,
  completionTimeoutPs: 50_000_000_000,
  ackPs: -1,
  replayPs: -1,
  updateFcPs: 30_000_000,
  replayTlps: 256,
  creditScale: 1,
  switchPs: 150_000,
  postedQueue: "voq",
  pool: { headers: 0, data: 0, threshold: [2, 32] },
  acsRedirect: false,
  rootPeerToPeer: true,
  latency: (node, _address, _bytes, kind) =>
    kind === "write" ? 100_000 : node === 0 ? 400_000 : 250_000,
  mutants: [],
};

/** Most nodes of a topology. */
export const PCIE_NODES_MAX = 64;

/** Bytes of a node's window: all of them together fill the address space that the headers can name. */
export function windowBytes(addressBits: 32 | 64): number {
  return addressBits === 32 ? 2 ** 26 : 2 ** 40;
}

function refuse(what: string, value: unknown, expected: string): never {
  throw new RangeError(`Cannot build a PCIe model: ${what} is ${value}, not ${expected}`);
}

function within(what: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    refuse(what, value, `an integer in ${least}..${most}`);
  }
}

function oneOf(what: string, value: number | string, allowed: readonly (number | string)[]): void {
  if (!allowed.includes(value)) refuse(what, value, allowed.join(", "));
}

const POWERS = [128, 256, 512, 1024, 2048, 4096];

function checkBuffers(o: PcieOptions, node: number): void {
  const { buffers } = o.nodes[node]!;
  const scale = o.creditScale;
  for (let cls = 0; cls < 3; cls++) {
    const name = `nodes[${node}].buffers[${cls}]`;
    const [headers, data] = buffers[cls]!;
    within(`${name}[0]`, headers, 0, 127 * scale);
    within(`${name}[1]`, data, 0, 2047 * scale);
    // a receiver that cannot take one whole payload never lets it start; a scaled field hides up to one unit
    // (4.0, 2.6.1: one unit more than the payload)
    const units = Math.ceil(o.mps / (16 * scale)) + (scale > 1 ? 1 : 0);
    const least = cls === 1 ? 1 : units * scale;
    if (data !== 0 && data < least) {
      refuse(`${name}[1]`, data, `0 or at least ${least}: one payload`);
    }
    for (const value of [headers, data]) {
      if (value % scale !== 0) refuse(name, value, `a multiple of the credit scale ${scale}`);
    }
  }
}

function checkNodes(o: PcieOptions): void {
  within("the number of nodes", o.nodes.length, 2, PCIE_NODES_MAX);
  o.nodes.forEach((node, n) => {
    const name = `nodes[${n}]`;
    if ((node.kind === "root") !== (n === 0)) {
      refuse(`${name}.kind`, node.kind, n === 0 ? "root" : "switch or endpoint");
    }
    oneOf(`${name}.kind`, node.kind, ["root", "switch", "endpoint"]);
    within(`${name}.parent`, node.parent, n === 0 ? -1 : 0, n - 1);
    if (n > 0 && o.nodes[node.parent]!.kind === "endpoint") {
      refuse(`${name}.parent`, node.parent, "a root complex or a switch");
    }
    oneOf(`${name}.link.generation`, node.link.generation, [1, 2, 3, 4, 5, 6]);
    oneOf(`${name}.link.lanes`, node.link.lanes, [1, 2, 4, 8, 16]);
    within(`${name}.link.propagationPs`, node.link.propagationPs, 0, 1e9);
    checkBuffers(o, n);
  });
}

/**
 * Fills in the defaults and checks everything.
 * @throws {RangeError} naming the first parameter that is out of range
 *
 * @example
 * ```ts
 * import { pcieOptions } from "@planecheck/planecheck/core";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => pcieOptions({ mps: 100 }), RangeError, "mps is 100, not 128, 256, 512");
 * ```
 */
export function pcieOptions(change: Partial<PcieOptions>): PcieOptions {
  const o = { ...PCIE_DEFAULTS, ...change };
  oneOf("mps", o.mps, POWERS);
  oneOf("mrrs", o.mrrs, POWERS);
  oneOf("rcb", o.rcb, [64, 128]);
  oneOf("split", o.split, ["mps", "rcb"]);
  oneOf("addressBits", o.addressBits, [32, 64]);
  oneOf("tagBits", o.tagBits, [5, 8, 10]);
  oneOf("creditScale", o.creditScale, [1, 4, 16]);
  oneOf("postedQueue", o.postedQueue, ["voq", "shared"]);
  oneOf("replayTlps", o.replayTlps, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]);
  within("reads", o.reads, 1, 1024);
  within("completionBufferBytes", o.completionBufferBytes, o.mrrs, 2 ** 30);
  within("waiting", o.waiting, 1, 65536);
  within("completionTimeoutPs", o.completionTimeoutPs, 1, 64e12);
  within("ackPs", o.ackPs, -1, 1e9);
  within("replayPs", o.replayPs, -1, 1e12);
  within("updateFcPs", o.updateFcPs, 1, 45_000_000);
  within("switchPs", o.switchPs, 0, 1e9);
  within("pool.headers", o.pool.headers, 0, 65536);
  within("pool.data", o.pool.data, 0, 1 << 20);
  within("pool.threshold[0]", o.pool.threshold[0], 1, 127);
  within("pool.threshold[1]", o.pool.threshold[1], 1, 2047);
  checkNodes(o);
  return o;
}
