/**
 * A monitor of concurrent queues: is there an order of the calls, each at one moment between its
 * beginning and its end, in which a plain queue would have answered the same?
 *
 * For a history whose items are distinct that is so if none of a few patterns occurs (Henzinger,
 * Sezgin, Vafeiadis, "Aspect-Oriented Linearizability Proofs", CONCUR 2013, section 4): an item
 * that nobody enqueued, an item twice, two items dequeued against the order of their enqueues, an
 * empty answer while the queue held something all the time. Each is looked for by sorting, so a
 * history of n items costs O(n log n).
 *
 * A burst is items in a row, so two patterns are added: items of one producer out of order at one
 * consumer, and a partial or refused enqueue while the queue cannot have been full. The latter
 * takes a slot as used from the beginning of the enqueue to the end of the dequeue: a ring whose
 * slots are claimed before they are published is more often full than a plain queue.
 */

import type { RingCall } from "../../core/ring/mpmc_call.ts";

/** What the queue is held to. */
export interface QueueOptions {
  /** Most items that it holds. */
  readonly size: number;
  /**
   * Items need to be seen only when no enqueue is in progress any more, as in `mt-rts`; false.
   */
  readonly lateItems?: boolean;
  /** Slots need to be free only when no dequeue is in progress any more; false. */
  readonly lateSlots?: boolean;
}

interface Item {
  readonly id: number;
  readonly enqueue: RingCall;
  readonly place: number;
  dequeue?: RingCall;
}

/**
 * What is wrong with a history of finished calls that ends with the queue drained; undefined when
 * it is linearizable. O(n log n) for n calls and items.
 *
 * @throws {RangeError} when a call ends before it begins
 * @example
 * ```ts
 * import { queueViolation } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const call = { participant: 0, asked: 1, bulk: false };
 * const history = [
 *   { ...call, kind: "enqueue", startedAt: 1, endedAt: 3, ids: [7] },
 *   { ...call, kind: "dequeue", startedAt: 2, endedAt: 4, ids: [] }, // before or after 7: well
 *   { ...call, kind: "dequeue", startedAt: 5, endedAt: 6, ids: [] }, // 7 is in
 *   { ...call, kind: "dequeue", startedAt: 7, endedAt: 8, ids: [7] },
 * ] as const;
 * assertEquals(
 *   queueViolation(history, { size: 4 }),
 *   "dequeue 5..6 by 0 found 0 of 1, but the queue was never empty: 7 was in from 3 to 7",
 * );
 * ```
 */
export function queueViolation(
  history: readonly RingCall[],
  options: QueueOptions,
): string | undefined {
  const calls = [...history].sort((a, b) => a.startedAt - b.startedAt);
  const wrong = calls.find((call) => !(call.startedAt < call.endedAt));
  if (wrong) throw new RangeError(`Cannot judge a history: ${text(wrong)} ends when it begins`);
  const items = new Map<number, Item>();
  return matched(calls, items) ?? inOrder(items) ?? perProducer(calls, items) ??
    emptyOnlyWhenEmpty(calls, items, options) ?? fullOnlyWhenFull(calls, options);
}

function text(call: RingCall): string {
  return `${call.kind} ${call.startedAt}..${call.endedAt} by ${call.participant}`;
}

/** Pairs what went in with what came out. */
function matched(calls: readonly RingCall[], items: Map<number, Item>): string | undefined {
  for (const call of calls) {
    if (call.ids.length > call.asked || call.bulk && call.ids.length % call.asked > 0) {
      return `${text(call)} moved ${call.ids.length} of ${call.asked}`;
    }
    if (call.kind === "dequeue") continue;
    for (const [place, id] of call.ids.entries()) {
      if (items.has(id)) return `${id} was enqueued twice, by ${text(call)} as well`;
      items.set(id, { id, enqueue: call, place });
    }
  }
  for (const call of calls) {
    if (call.kind === "enqueue") continue;
    for (const id of call.ids) {
      const item = items.get(id);
      if (item === undefined) return `${text(call)} got ${id}, which nobody enqueued`;
      if (item.dequeue) return `${id} was got twice: by ${text(item.dequeue)} and ${text(call)}`;
      item.dequeue = call;
      if (call.endedAt < item.enqueue.startedAt) {
        return `${text(call)} got ${id} before ${text(item.enqueue)}`;
      }
    }
  }
  for (const { id, enqueue, dequeue } of items.values()) {
    if (!dequeue) return `${id} was lost: ${text(enqueue)} put it in, nobody got it`;
  }
  return undefined;
}

/**
 * No item overtakes: of all enqueues that ended before this one began, none may have its dequeue
 * begin after this one's ended.
 */
function inOrder(items: ReadonlyMap<number, Item>): string | undefined {
  const byBegin = [...items.values()];
  const byEnd = [...byBegin].sort((a, b) => a.enqueue.endedAt - b.enqueue.endedAt);
  let before = 0;
  let last: Item | undefined;
  for (const item of byBegin) {
    for (; byEnd[before]!.enqueue.endedAt < item.enqueue.startedAt; before++) {
      const earlier = byEnd[before]!;
      if (!last || earlier.dequeue!.startedAt > last.dequeue!.startedAt) last = earlier;
    }
    if (last && last.dequeue!.startedAt > item.dequeue!.endedAt) {
      return `${item.id} overtook ${last.id}: ${text(last.enqueue)}, ${text(item.enqueue)}, ` +
        `${text(item.dequeue!)}, ${text(last.dequeue!)}`;
    }
  }
  return undefined;
}

/** What one consumer gets from one producer is in that one's order. */
function perProducer(
  calls: readonly RingCall[],
  items: ReadonlyMap<number, Item>,
): string | undefined {
  const last = new Map<string, Item>();
  for (const call of calls) {
    if (call.kind === "enqueue") continue;
    for (const id of call.ids) {
      const item = items.get(id)!;
      const pair = `${item.enqueue.participant} to ${call.participant}`;
      const before = last.get(pair);
      const [now, then] = [item.enqueue.startedAt, before?.enqueue.startedAt ?? -Infinity];
      if (before && (now < then || now === then && item.place < before.place)) {
        return `${text(call)} got ${id} after ${before.id}, enqueued later by the same`;
      }
      last.set(pair, item);
    }
  }
  return undefined;
}

/** A stretch of time, ends excluded, and what it is about. */
interface Stretch {
  readonly from: number;
  to: number;
  readonly ids: number[];
}

/** Joins overlapping stretches, which are sorted by their beginnings. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const all: Stretch[] = [];
  for (const { from, to, ids } of stretches) {
    const last = all.at(-1);
    if (!last || from > last.to) all.push({ from, to, ids: [...ids] });
    else if (to > last.to) {
      last.to = to;
      last.ids.push(...ids);
    }
  }
  return all;
}

/** The last stretch that begins before `time`. */
function stretchAt(stretches: readonly Stretch[], time: number): Stretch | undefined {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stretches[middle]!.from < time) low = middle + 1;
    else high = middle;
  }
  return stretches[low - 1];
}

/** For each call of a kind, when none that overlaps it, or those that overlap them, goes on. */
function settledAt(calls: readonly RingCall[], kind: RingCall["kind"], late: boolean) {
  const busy = !late ? [] : joined(
    calls.filter((call) => call.kind === kind)
      .map((call) => ({ from: call.startedAt, to: call.endedAt, ids: [] })),
  );
  return (call: RingCall): number => {
    const until = stretchAt(busy, call.endedAt)?.to ?? call.endedAt;
    return Math.max(until, call.endedAt);
  };
}

function emptyOnlyWhenEmpty(
  calls: readonly RingCall[],
  items: ReadonlyMap<number, Item>,
  options: QueueOptions,
): string | undefined {
  const seenAt = settledAt(calls, "enqueue", options.lateItems === true);
  const held = [...items.values()]
    .map(({ id, enqueue, dequeue }) => ({
      from: seenAt(enqueue),
      to: dequeue!.startedAt,
      ids: [id],
    }))
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from);
  const nonEmpty = joined(held);
  for (const call of calls) {
    const found = call.ids.length;
    // A refused bulk of several says only that there were fewer.
    const saysEmpty = call.bulk ? found === 0 && call.asked === 1 : found < call.asked;
    if (call.kind === "enqueue" || !saysEmpty) continue;
    const over = stretchAt(nonEmpty, call.startedAt);
    if (over && over.to > call.endedAt) {
      return `${text(call)} found ${found} of ${call.asked}, but the queue was never empty: ${
        over.ids.slice(0, 8).join(", ")
      } was in from ${over.from} to ${over.to}`;
    }
  }
  return undefined;
}

function fullOnlyWhenFull(calls: readonly RingCall[], options: QueueOptions): string | undefined {
  const freeAt = settledAt(calls, "dequeue", options.lateSlots === true);
  const changes = calls.map((call) =>
    call.kind === "enqueue"
      ? { time: call.startedAt, by: call.ids.length }
      : { time: freeAt(call), by: -call.ids.length }
  ).sort((a, b) => a.time - b.time);
  const peaks = new Peaks(changes);
  for (const call of calls) {
    if (call.kind === "dequeue" || call.ids.length >= call.asked) continue;
    const most = peaks.most(call.startedAt, call.endedAt);
    const needed = call.bulk ? options.size - call.asked + 1 : options.size;
    if (most < needed) {
      return `${text(call)} placed ${call.ids.length} of ${call.asked}, ` +
        `but at most ${most} of ${options.size} slots can have been used`;
    }
  }
  return undefined;
}

/** Greatest value of a running sum over stretches of time: maxima of 2^k changes in a row. */
class Peaks {
  readonly #times: readonly number[];
  readonly #levels: number[][];

  constructor(changes: readonly { readonly time: number; readonly by: number }[]) {
    let sum = 0;
    this.#times = changes.map(({ time }) => time);
    this.#levels = [[0, ...changes.map(({ by }) => sum += by)]];
    for (let width = 1; 2 * width <= changes.length + 1; width *= 2) {
      const below = this.#levels.at(-1)!;
      const above = below.slice(0, below.length - width);
      this.#levels.push(above.map((value, i) => Math.max(value, below[i + width]!)));
    }
  }

  /** From `begin` on, until `end`, both included. */
  most(begin: number, end: number): number {
    const first = this.#after(begin);
    const count = this.#after(end) - first + 1;
    const level = 31 - Math.clz32(count);
    const row = this.#levels[level]!;
    return Math.max(row[first]!, row[first + count - (1 << level)]!);
  }

  /** How many changes are not after `time`. */
  #after(time: number): number {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
