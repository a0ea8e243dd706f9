/** Checks contexts and tickets by a run's facts about queues, one by one in order of time. */
import type { QueueParam } from "./queue.ts";
import { FACT, type Fact } from "./witness.ts";

/** What is known of the queues: their parameters by number. */
export type QueueList = readonly Pick<QueueParam, "name" | "sync" | "prio" | "group">[];

const us = (ps: number): string => `${(ps * 1e-6).toFixed(3)} us`;

/** ODP-1: null where it holds, undefined where no atomic queue was used. */
export function checkAtomic(facts: readonly Fact[], queues: QueueList): string | null | undefined {
  const holder = new Map<number, Fact>();
  const inside = new Map<number, number[]>();
  let judged = false;
  for (const fact of facts) {
    const queue = queues[fact.queue];
    if (queue?.sync !== "atomic") continue;
    const waiting = inside.get(fact.queue);
    if (fact.kind === FACT.enqueued) {
      if (waiting === undefined) inside.set(fact.queue, [fact.detail]);
      else waiting.push(fact.detail);
    } else if (fact.kind === FACT.released) holder.delete(fact.queue);
    else if (fact.kind === FACT.taken) {
      judged = true;
      const held = holder.get(fact.queue);
      if (held !== undefined && (held.thread !== fact.thread || held.ps !== fact.ps)) {
        return `thread ${fact.thread} took an event of atomic queue ${queue.name} at ${
          us(fact.ps)
        }, ` +
          `which thread ${held.thread} had held since ${us(held.ps)}`;
      }
      holder.set(fact.queue, fact);
      const next = waiting?.shift();
      if (next !== undefined && next !== fact.detail) {
        return `thread ${fact.thread} took event ${fact.detail} of atomic queue ${queue.name} at ` +
          `${us(fact.ps)}, expected event ${next}, which came before it`;
      }
    }
  }
  return judged ? null : undefined;
}

/** ODP-2 and ODP-5: tickets of ordered queues. */
export function checkTickets(
  facts: readonly Fact[],
  queues: QueueList,
): { readonly order: string | null | undefined; readonly returned: string | null | undefined } {
  const out = new Map<number, Set<number>>();
  let order: string | null | undefined = undefined;
  let judged = false;
  for (const fact of facts) {
    const queue = queues[fact.queue];
    if (queue?.sync !== "ordered") continue;
    const open = out.get(fact.queue) ?? new Set<number>();
    out.set(fact.queue, open);
    if (fact.kind === FACT.ticket) {
      judged = true;
      open.add(fact.detail);
    } else if (fact.kind === FACT.released) open.delete(fact.detail);
    else if (fact.kind === FACT.out && order !== undefined && order !== null) continue;
    else if (fact.kind === FACT.out) {
      order = null;
      const before = [...open].find((ticket) => ticket < fact.detail);
      if (before === undefined) continue;
      order =
        `thread ${fact.thread} put something out for ticket ${fact.detail} of ordered queue ` +
        `${queue.name} at ${us(fact.ps)}, while ticket ${before} was still out`;
    }
  }
  for (const [index, open] of out) {
    if (open.size === 0) continue;
    const [ticket] = open;
    const returned = `ticket ${ticket} of ordered queue ${
      queues[index]!.name
    } was never given back`;
    return { order, returned };
  }
  return { order, returned: judged ? null : undefined };
}

/** ODP-4: order locks. */
export function checkLocks(facts: readonly Fact[], queues: QueueList): string | null | undefined {
  const last = new Map<string, { ticket: number; isHeld: boolean }>();
  const open = new Map<number, Set<number>>();
  for (const { kind, ps, queue, thread, detail } of facts) {
    const out = open.get(queue) ?? new Set<number>();
    open.set(queue, out);
    if (kind === FACT.ticket) out.add(detail);
    else if (kind === FACT.released) out.delete(detail);
    if (kind !== FACT.locked && kind !== FACT.unlocked) continue;
    const lock = Math.floor(detail / 2 ** 20);
    const ticket = detail % 2 ** 20;
    const key = `${queue} ${lock}`;
    if (kind === FACT.unlocked) {
      last.set(key, { ticket, isHeld: false });
      continue;
    }
    const before = last.get(key);
    const what = `thread ${thread} took order lock ${lock} of ${queues[queue]!.name} for ticket ` +
      `${ticket} at ${us(ps)}`;
    if (before?.isHeld) return `${what}, while ticket ${before.ticket} held it`;
    if (before !== undefined && before.ticket >= ticket) {
      return `${what}, after ticket ${before.ticket}`;
    }
    // who came before has given it back, or will never ask for it any more
    const earlier = [...out].find((one) => one < ticket && one > (before?.ticket ?? -1));
    if (earlier !== undefined) return `${what}, while ticket ${earlier} was still out`;
    last.set(key, { ticket, isHeld: true });
  }
  return last.size === 0 ? undefined : null;
}
