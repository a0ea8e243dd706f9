/**
 * The ledger of a run of the link-level model: every TLP, and what happened to it and to every DLLP, in order
 * of time. The laws judge it and ladder diagrams are drawn from it; the model never reads it.
 */
import type { PcieOptions } from "./options.ts";
import type { Tlp } from "./_tlp.ts";

/** What a TLP is. */
export interface PcieTlp {
  /** Number of the TLP; a TLP keeps it on every link it crosses. */
  readonly id: number;
  /** Memory write, memory read, completion with data, completion of a request that failed. */
  readonly kind: "MWr" | "MRd" | "CplD" | "Cpl";
  /** 0 posted, 1 non-posted, 2 completion. */
  readonly cls: number;
  /** Node that made it. */
  readonly source: number;
  /** Node that it goes to; -1 where its address is nobody's. */
  readonly target: number;
  /** Node whose request it is, or answers. */
  readonly requester: number;
  /** Tag of the request; -1 for a write. */
  readonly tag: number;
  /** Where it begins. */
  readonly address: number;
  /** Bytes that it asks for or carries. */
  readonly bytes: number;
  /** Relaxed ordering. */
  readonly relaxed: boolean;
  /** ID-based ordering. */
  readonly idBased: boolean;
  /** The operation that it is a part of. */
  readonly operation: number;
  /** For a completion the request that it answers, else -1. */
  readonly request: number;
  /** Whether it ends its request, or its write. */
  readonly last: boolean;
}

/** What happened. */
export type PcieEventKind =
  /** An operation was asked for: `tlp` is its number, `data` its bytes; a write (`value` 0) or a read (1). */
  | "post"
  /** An operation ended; `text` is its status. */
  | "done"
  /** A direction may send TLPs from now on. */
  | "up"
  /** A TLP goes onto a link: `value` is its sequence number, `text` is `replay` or empty, or says what is wrong. */
  | "send"
  /** A TLP's last symbol was good and it is in the receive buffer. */
  | "accept"
  /** A TLP was thrown away by the data link layer; `text` says why. */
  | "discard"
  /** A TLP waits in a node for a direction. */
  | "queue"
  /** A TLP has left the receive buffer. */
  | "free"
  /** A posted write is visible at its target. */
  | "land"
  /** A completion has reached its requester; `text` says so if nobody waited for it. */
  | "data"
  /** A completer has taken a request up. */
  | "serve"
  /** A request was given up. */
  | "timeout"
  /** A port dropped a TLP, or refused it with an unsupported request; `text` says why. */
  | "refuse"
  /** A DLLP goes onto a link: `text` is its name, `value` its sequence number. */
  | "dllp"
  /** A DLLP has arrived. */
  | "hear"
  /** A switch's shared pool has this much left. */
  | "pool"
  /** A link went down. */
  | "down";

/** One event. Fields without a meaning for its kind are -1 or empty. */
export interface PcieEvent {
  /** When, in ps. */
  readonly at: number;
  /** What it is. */
  readonly kind: PcieEventKind;
  /** Direction of a link (see `PcieLedger.directions`), else -1. */
  readonly direction: number;
  /** TLP, or operation for `post` and `done`. */
  readonly tlp: number;
  /** Class of TLPs that it is about: 0 posted, 1 non-posted, 2 completion. */
  readonly cls: number;
  /** Sequence number, node of a pool, kind of an operation. */
  readonly value: number;
  /** Header credits: of the TLP, or as the field of the DLLP says. */
  readonly headers: number;
  /** The same of data. */
  readonly data: number;
  /** Which DLLP, why, or how it ended. */
  readonly text: string;
  /** When the last symbol has left, for `send`; else `at`. */
  readonly until: number;
}

/** One direction of a link. */
export interface PcieDirection {
  /** E.g. `nic0>switch`. */
  readonly name: string;
  /** Node that sends. */
  readonly from: number;
  /** Node that receives. */
  readonly to: number;
}

/** Everything that is known of a run. */
export interface PcieLedger {
  /** What was run. */
  readonly options: PcieOptions;
  /** By number; those of the root complex's missing upstream link have nodes -1. */
  readonly directions: readonly PcieDirection[];
  /** Names of the nodes. */
  readonly nodes: readonly string[];
  /** By number; numbers of operations and of what was never sent are holes. */
  readonly tlps: ReadonlyMap<number, PcieTlp>;
  /** In order of time. */
  readonly events: readonly PcieEvent[];
  /** Operations that have not ended. */
  readonly outstanding: number;
  /** Whether nothing was left to do when the ledger was taken. */
  readonly atRest: boolean;
}

const KINDS = ["MWr", "MRd", "CplD", "Cpl"] as const;

/** Takes the events of a run down. */
export class PcieTrace {
  readonly tlps: Map<number, PcieTlp> = new Map();
  readonly events: PcieEvent[] = [];

  /** One event; what is left out has no meaning for it. */
  add(
    at: number,
    kind: PcieEventKind,
    direction: number,
    tlp: number,
    fields: Partial<PcieEvent> = {},
  ): void {
    this.events.push({
      at,
      kind,
      direction,
      tlp,
      cls: -1,
      value: -1,
      headers: -1,
      data: -1,
      text: "",
      until: at,
      ...fields,
    });
  }

  /** A TLP as it is made. */
  note(tlp: Tlp): void {
    const isCompletion = tlp.cls === 2;
    this.tlps.set(tlp.serial, {
      id: tlp.serial,
      kind: KINDS[tlp.kind]!,
      cls: tlp.cls,
      source: tlp.src,
      target: tlp.dst,
      requester: tlp.requester,
      tag: tlp.cls === 0 ? -1 : tlp.tag,
      address: tlp.address,
      bytes: tlp.bytes,
      relaxed: (tlp.attributes & 1) !== 0,
      idBased: (tlp.attributes & 2) !== 0,
      operation: tlp.op?.serial ?? -1,
      request: isCompletion ? tlp.request : -1,
      last: tlp.last,
    });
  }

  /** All of it, in order of time. */
  ledger(
    options: PcieOptions,
    nodes: readonly string[],
    from: Int32Array,
    to: Int32Array,
    outstanding: number,
    atRest: boolean,
  ): PcieLedger {
    const directions = Array.from(from, (node, d) => {
      const name = d < 2 ? "" : `${nodes[node]!}>${nodes[to[d]!]!}`;
      return { name, from: node, to: to[d]! };
    });
    const events = [...this.events].sort((a, b) => a.at - b.at);
    return { options, directions, nodes, tlps: this.tlps, events, outstanding, atRest };
  }

  /** Forgets everything. */
  reset(): void {
    this.tlps.clear();
    this.events.length = 0;
  }
}
