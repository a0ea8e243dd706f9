/**
 * An OpenFlow 0.8.9 switch. The key is the ten fields of a flow. The exact table is a hash table of whole keys; the
 * wildcard table is searched from its highest priority on, one entry after the other. An exact entry beats every
 * wildcard one whatever its priority. What nothing matches has no controller to go to and is dropped.
 *
 *     word 0           slots of the exact table, a power of two
 *     word 1           wildcard entries; word 2: where they begin
 *     word 8 on        slots of nine words: the key, action (0: empty slot)
 *     then             wildcard entries of seventeen words: key, mask, action, by descending priority
 */
import { ETHERNET_HEADER_BYTES, etherType, ETHERTYPE_IPV4 } from "../../core/packet/ethernet.ts";
import { REASON } from "../../core/policy.ts";
import type { Env } from "../../core/stack.ts";
import type { App, AppFactory } from "./app.ts";
import type { PsChunk } from "./chunk.ts";
import { FLOW_FIELDS, flowMask, flowWords, KEY_WORDS, type PsFlow, readFlow } from "./flow.ts";
import { ConstantTable, type Kernel, type KernelMemory } from "./kernel.ts";

const SLOTS_AT = 8;
const SLOT_WORDS = KEY_WORDS + 1;
const WILDCARD_WORDS = 2 * KEY_WORDS + 1;
/** Actions: a port plus 1, or this. */
const DROP = 0xffff_ffff;
/** Threads of the device that work at a time. */
const CORES = 480;

function hash(words: Uint32Array, at: number): number {
  let h = 0x811c_9dc5;
  for (let i = 0; i < KEY_WORDS; i++) h = Math.imul(h ^ words[at + i]!, 0x0100_0193);
  h ^= h >>> 15;
  return (h ^ (h >>> 7)) >>> 0;
}

/** The slot of a key, or the empty one where it would be. */
function find(table: Uint32Array, key: Uint32Array, at: number): number {
  const last = table[0]! - 1;
  let slot = hash(key, at) & last;
  for (;; slot = (slot + 1) & last) {
    const from = SLOTS_AT + slot * SLOT_WORDS;
    if (table[from + KEY_WORDS] === 0) return from;
    let i = 0;
    while (i < KEY_WORDS && table[from + i] === key[at + i]) i++;
    if (i === KEY_WORDS) return from;
  }
}

/** Puts the action for key `id` into the results, 0 without any; answers the wildcard entries that were looked at. */
export function matchFlow(id: number, { keys, results, table }: KernelMemory): number {
  const at = id * KEY_WORDS;
  const exact = table[find(table, keys, at) + KEY_WORDS]!;
  results[id] = exact;
  if (exact !== 0) return 0;
  const count = table[1]!;
  for (let n = 0; n < count; n++) {
    const entry = table[2]! + n * WILDCARD_WORDS;
    let i = 0;
    while (
      i < KEY_WORDS &&
      ((keys[at + i]! & table[entry + KEY_WORDS + i]!) >>> 0) === table[entry + i]
    ) i++;
    if (i === KEY_WORDS) {
      results[id] = table[entry + 2 * KEY_WORDS]!;
      return n + 1;
    }
  }
  return count;
}

/** The words of a table of flows. */
export function flowTable(flows: readonly PsFlow[]): Uint32Array {
  const isExact = ({ match }: PsFlow): boolean => FLOW_FIELDS.every((f) => match[f] !== undefined);
  const exact = flows.filter(isExact);
  const wild = flows.filter((flow) => !isExact(flow))
    .sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0));
  let slots = 16;
  while (slots < 2 * exact.length) slots *= 2;
  const wildAt = SLOTS_AT + slots * SLOT_WORDS;
  const table = new Uint32Array(wildAt + wild.length * WILDCARD_WORDS);
  table.set([slots, wild.length, wildAt]);
  const action = ({ output }: PsFlow): number => output === "drop" ? DROP : output + 1;
  for (const flow of exact) {
    const key = flowWords(flow.match);
    const at = find(table, key, 0);
    table.set(key, at);
    table[at + KEY_WORDS] = action(flow);
  }
  wild.forEach((flow, n) => {
    const at = wildAt + n * WILDCARD_WORDS;
    table.set(flowWords(flow.match), at);
    table.set(flowMask(flow.match), at + KEY_WORDS);
    table[at + 2 * KEY_WORDS] = action(flow);
  });
  return table;
}

/** Makes switches. */
export class OpenFlowFactory implements AppFactory {
  readonly #words: Uint32Array;

  constructor(flows: readonly PsFlow[]) {
    this.#words = flowTable(flows);
  }

  boot(env: Env): OpenFlowSwitch {
    return new OpenFlowSwitch(env, this.#words);
  }
}

/** A switch on one machine. */
export class OpenFlowSwitch implements App {
  readonly kernel: Kernel;
  readonly table: ConstantTable;
  readonly share: number = 1;
  readonly #env: Env;

  constructor(env: Env, words: Uint32Array) {
    this.#env = env;
    this.table = new ConstantTable(words);
    const cost = (name: string): number => env.cost(`packetshader.${name}`);
    const exact = cost("lookupBase") + cost("lookupRead");
    const [entry, entryPs] = [cost("matchEntry"), cost("gpuEntryPs")];
    const [probeNs, probePs] = [cost("probeNs"), cost("probePs")];
    this.kernel = {
      name: "openflow",
      keyWords: KEY_WORDS,
      resultWords: 1,
      thread: matchFlow,
      cpuCycles: (entries) => exact + entries * entry,
      threadNs: (entries) => probeNs + entries * entryPs * CORES / 1000,
      gridPs: (entries, threads) => threads * probePs + entries * entryPs,
    };
  }

  preShade(chunk: PsChunk, k: number): void {
    const { bytes } = this.#env.memory;
    const at = chunk.at(k);
    if (
      etherType(bytes, at) === ETHERTYPE_IPV4 && chunk.length[k]! < ETHERNET_HEADER_BYTES + 20
    ) chunk.drop(k, REASON["bad-header"]);
    else readFlow(bytes, at, chunk.length[k]!, chunk.ifindex, chunk.keys, chunk.ask(k) * KEY_WORDS);
  }

  postShade(chunk: PsChunk, k: number, i: number): void {
    const action = chunk.results[i]!;
    if (action === 0) chunk.drop(k, REASON["no-route"]);
    else if (action === DROP || action > this.#env.hardware.nics.length) {
      chunk.drop(k, REASON.consumed);
    } else chunk.forward(k, action - 1);
  }
}
