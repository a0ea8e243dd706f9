/**
 * PCI Express down to the data link layer, on any tree of a root complex, switches and endpoints: TLPs cut by
 * MPS, MRRS, 4 KiB and RCB; six credit counters per direction with initialisation and UpdateFC; Ack, Nak and
 * replay; the ordering table with relaxed and ID-based ordering; cut-through, arbitration and shared pools in
 * switches; redirection, tags, time-outs, removal.
 *
 * It is the most detailed of the fidelities and the slowest: some 10 events for each TLP and link. Nothing is
 * dropped but by a port that cannot forward, and nothing waits for ever while the rules are kept.
 *
 * Not modelled: link training and power states, virtual channels beyond VC0, atomics, messages, configuration,
 * errors beyond LCRC and DLLP CRC, the part of a bad TLP that a cut-through switch would have sent on.
 */
import { Completer } from "./_completer.ts";
import { DataLink, type PcieSent } from "./_data_link.ts";
import type { PcieChoices } from "./_dllps.ts";
import type { PcieCreditAccount } from "./_flow_control.ts";
import { operationFault } from "./_operation.ts";
import { Plan } from "./_plan.ts";
import { READ, WRITE } from "./_rates.ts";
import { Requester } from "./_requester.ts";
import { type Ends, Router } from "./_router.ts";
import {
  DROPPED,
  ID_BASED,
  type PcieStatus,
  RELAXED,
  REMOVED,
  STATUS,
  type Tlp,
  Tlps,
} from "./_tlp.ts";
import { type PcieOptions, pcieOptions, windowBytes } from "./options.ts";
import { type PcieLedger, PcieTrace } from "./trace.ts";
import type { PcieClock } from "./_clock.ts";

/** Attributes of an operation. */
export interface PcieAttributes {
  /** Relaxed ordering. */
  readonly relaxed?: boolean;
  /** ID-based ordering. */
  readonly idBased?: boolean;
}

function bitsOf({ relaxed = false, idBased = false }: PcieAttributes): number {
  return (relaxed ? RELAXED : 0) | (idBased ? ID_BASED : 0);
}

/**
 * The model. `reset` comes before each run; the clock has to be reset before it.
 *
 * @example
 * ```ts
 * import { Clock, PcieModel } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const model = new PcieModel(clock, { mrrs: 256 });
 * model.reset();
 * const seen: string[] = [];
 * const done = clock.register((n) => seen.push(`${n} ${model.status}`));
 * model.write(2, model.address(3), 1024, done, 0);
 * model.read(2, model.address(0), 1024, done, 1);
 * clock.run({ horizonPs: 1e12, events: 10_000 }, () => model.isQuiet);
 * assertEquals(seen.sort(), ["0 success", "1 success"]);
 * ```
 */
export class PcieModel {
  /** What was asked for, with all defaults. */
  readonly options: PcieOptions;
  readonly #plan: Plan;
  readonly #clock: PcieClock;
  readonly #trace: PcieTrace | null;
  readonly #router: Router;
  readonly #requester: Requester;
  readonly #completer: Completer;
  readonly #link: DataLink;
  readonly #tlps = new Tlps();
  readonly #refused: Uint8Array;
  readonly #roomHandlers: Int32Array;
  readonly #roomArgs: Int32Array;
  readonly #removed: Uint8Array;

  /**
   * A model of the given topology.
   * @param options what differs from `PCIE_DEFAULTS`
   * @param isTraced whether a ledger is kept, which costs memory for every event
   * @throws {RangeError} naming the first option that is out of range
   */
  constructor(clock: PcieClock, options: Partial<PcieOptions> = {}, isTraced = false) {
    const o = pcieOptions(options);
    this.options = o;
    this.#clock = clock;
    this.#plan = new Plan(o);
    this.#trace = isTraced ? new PcieTrace() : null;
    const plan = this.#plan;
    const trace = this.#trace;
    const tlps = this.#tlps;
    this.#router = new Router(o, plan, clock, tlps, trace);
    this.#link = new DataLink(o, plan, clock, tlps, this.#router, trace);
    this.#requester = new Requester(o, plan, clock, tlps, this.#router, trace);
    this.#completer = new Completer(o, plan, clock, tlps, this.#router, this.#requester, trace);
    this.#router.link = this.#link;
    this.#router.ends = this.#ends();
    this.#refused = new Uint8Array(plan.nodes);
    this.#roomHandlers = new Int32Array(plan.nodes).fill(-1);
    this.#roomArgs = new Int32Array(plan.nodes);
    this.#removed = new Uint8Array(plan.nodes);
    this.#requester.onRoom = (node) => this.#roomCame(node);
  }

  #ends(): Ends {
    const requester = this.#requester;
    const completer = this.#completer;
    const holds = this.options.mutants.includes("posted-accepted-only-when-one-can-be-sent");
    return {
      onTurn: holds ? (node) => completer.retry(node) : null,
      mayCut: (node, entry) => entry.kind > READ || requester.mayCut(node, entry),
      cut: (set, entry) =>
        entry.kind > READ ? completer.cut(set, entry) : requester.cut(set, entry),
      sink: (node, d, tlp) => completer.sink(node, d, tlp),
      dropped: (tlp) => requester.dropped(tlp),
    };
  }

  /** First address of a node's window. */
  address(node: number): number {
    return node * windowBytes(this.options.addressBits);
  }

  /**
   * A posted write by node `src`; `handler(arg)` runs when its last byte is visible, or it was dropped:
   * `status` says which. Constant time whatever the length.
   * @param handler number of a handler of the clock; -1 for none
   * @throws {RangeError} for a node that is none, a switch or gone, a length below 1, an address that is none,
   *   or no room
   */
  write(
    src: number,
    address: number,
    bytes: number,
    handler: number,
    arg: number,
    attributes: PcieAttributes = {},
  ): void {
    this.#check("write", src, address, bytes, 1);
    this.#requester.start(WRITE, src, address, bytes, bitsOf(attributes), handler, arg);
  }

  /**
   * A read by node `src`; `handler(arg)` runs when its last byte has come back, or it failed. One of 0 bytes
   * returns when all earlier writes to the same target are visible.
   * @throws {RangeError} as `write`, for a length below 0
   */
  read(
    src: number,
    address: number,
    bytes: number,
    handler: number,
    arg: number,
    attributes: PcieAttributes = {},
  ): void {
    this.#check("read", src, address, bytes, 0);
    this.#requester.start(READ, src, address, bytes, bitsOf(attributes), handler, arg);
  }

  #check(verb: string, src: number, address: number, bytes: number, least: number): void {
    const { nodes, addressBits } = this.options;
    const fault = operationFault(nodes, addressBits, src, address, bytes, least) ??
      (this.#removed[src] === 1 ? "it was removed" : undefined) ??
      (this.hasRoom(src) ? undefined : "it has no room, which has to be asked for");
    if (fault === undefined) return;
    throw new RangeError(`Cannot ${verb} ${bytes} bytes at ${address} by node ${src}: ${fault}`);
  }

  /** Whether a node may begin another operation. */
  hasRoom(node: number): boolean {
    const { waiting } = this.#requester;
    const most = this.options.waiting;
    return waiting[node * 2]! < most && waiting[node * 2 + 1]! < most;
  }

  /** `hasRoom`, and a refusal is remembered: see `onRoom`. */
  room(node: number): boolean {
    if (this.hasRoom(node)) return true;
    this.#refused[node] = 1;
    return false;
  }

  /** Names the handler that is scheduled, with this argument, when room comes back to a node that was refused. */
  onRoom(node: number, handler: number, arg: number = node): void {
    this.#roomHandlers[node] = handler;
    this.#roomArgs[node] = arg;
  }

  #roomCame(node: number): void {
    if (this.#refused[node] === 0 || !this.hasRoom(node)) return;
    this.#refused[node] = 0;
    const handler = this.#roomHandlers[node]!;
    if (handler >= 0) this.#clock.at(this.#clock.now, handler, this.#roomArgs[node]!);
  }

  /** How the operation ended whose handler runs. */
  get status(): PcieStatus {
    return STATUS[this.#requester.status]!;
  }

  /** Operations that have not ended. */
  get outstanding(): number {
    return this.#requester.outstanding;
  }

  /** Completions that came after their request had been given up, and were thrown away. */
  get unexpected(): number {
    return this.#requester.unexpected;
  }

  /** Whether every operation has ended: for `Clock.run`, which then need not wait for timers. */
  get isQuiet(): boolean {
    return this.#requester.outstanding === 0;
  }

  /** TLPs that the ports of a node have dropped so far. */
  drops(node: number): number {
    return this.#router.drops[node]!;
  }

  /** What each direction has sent so far. */
  get sent(): PcieSent {
    return this.#link.sent;
  }

  /**
   * Removes an endpoint now. What it has asked for ends as `removed`; what is on its way to it is dropped at the
   * port above, which answers reads with an unsupported request; what it has not answered ends in time-outs at
   * the requesters. Everything else goes on.
   * @throws {RangeError} when the node is no endpoint, or gone
   */
  remove(node: number): void {
    if (this.options.nodes[node]?.kind !== "endpoint" || this.#removed[node] === 1) {
      throw new RangeError(`Cannot remove node ${node}: it is no endpoint that is there`);
    }
    this.#removed[node] = 1;
    const up = 2 * node;
    for (const d of [up, up + 1]) {
      this.#trace?.add(this.#clock.now, "down", d, -1);
      this.#link.down(d, (tlp, wasGood) => {
        // a switch that cuts through has passed it on already
        if (wasGood && (tlp.ingress !== d || tlp.isRouted)) return;
        // its event is still to come and will dispose of it
        if (wasGood && tlp.egress !== -1) tlp.lost = true;
        else this.#requester.dropped(tlp);
      });
    }
    this.#requester.abandonReads(node);
    this.#completer.remove(node);
    this.#router.drain(up, (entry) => this.#abandon(entry, REMOVED));
    this.#router.drain(up + 1, (entry) => this.#abandon(entry, DROPPED));
  }

  /** What a node had made itself for a direction that went down. */
  #abandon(entry: Tlp, status: number): void {
    if (entry.kind > READ) this.#completer.forget(entry);
    else this.#requester.abandon(entry, status);
  }

  /** What is known of the run so far; without events where none are kept. */
  ledger(): PcieLedger {
    const { names, from, to } = this.#plan;
    const trace = this.#trace ?? new PcieTrace();
    // a replay timer does not keep a run going, and what waits for it may be nobody's any more
    const atRest = this.#clock.pending === 0 && !this.#link.owes;
    return trace.ledger(this.options, names, from, to, this.outstanding, atRest);
  }

  /**
   * Empties the model; all links begin to initialise flow control.
   * @param choices answers which TLPs and DLLPs are corrupted, how completions are split and who is served
   *   first; null: none, as long as the options allow, in turn
   */
  reset(choices: PcieChoices | null = null): void {
    this.#tlps.reset();
    this.#trace?.reset();
    this.#refused.fill(0);
    this.#removed.fill(0);
    this.#router.reset(choices);
    this.#requester.reset();
    this.#completer.reset(choices);
    this.#link.reset(choices);
  }

  /** The account of every counter that is finite: by direction, class and unit. */
  credits(): PcieCreditAccount[] {
    return this.#link.flow.accounts();
  }
}
