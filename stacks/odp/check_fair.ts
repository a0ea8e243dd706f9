/** Checks who was served before whom, by a run's facts about queues: priorities, spreads, groups. */
import type { QueueList } from "./check_order.ts";
import { FACT, type Fact } from "./witness.ts";

const us = (ps: number): string => `${(ps * 1e-6).toFixed(3)} us`;

/** One call of a thread that took something: facts of one queue, thread and time are of one call. */
interface Call {
  readonly fact: Fact;
  /** Queues that were ready then, and since when; of one instant nobody can say what came first. */
  readonly ready: ReadonlyMap<number, number>;
}

/** Goes through the facts and calls `visit` at each call that took something. */
function eachCall(
  facts: readonly Fact[],
  visit: (call: Call) => string | null,
): string | null | undefined {
  const ready = new Map<number, number>();
  let last: Fact | null = null;
  for (const fact of facts) {
    if (fact.kind === FACT.ready) ready.set(fact.queue, fact.ps);
    if (fact.kind !== FACT.taken) continue;
    if (last?.queue === fact.queue && last.thread === fact.thread && last.ps === fact.ps) continue;
    last = fact;
    ready.delete(fact.queue);
    const broken = visit({ fact, ready });
    if (broken !== null) return broken;
  }
  return last === null ? undefined : null;
}

/** ODP-7. */
export function checkPriority(
  facts: readonly Fact[],
  queues: QueueList,
): string | null | undefined {
  if (new Set(queues.map(({ prio }) => prio)).size < 2) return undefined;
  return eachCall(facts, ({ fact, ready }) => {
    const queue = queues[fact.queue]!;
    for (const [index, sincePs] of ready) {
      const other = queues[index]!;
      if (other.group !== queue.group || other.prio <= queue.prio || sincePs >= fact.ps) continue;
      return `thread ${fact.thread} took from ${queue.name} of priority ${queue.prio} at ${
        us(fact.ps)
      }, ` +
        `while ${other.name} of priority ${other.prio} had been ready since ${us(sincePs)}`;
    }
    return null;
  });
}

/** ODP-8: `spreads` rings of a priority, a queue in the one that its number modulo `spreads` says. */
export function checkSpread(
  facts: readonly Fact[],
  queues: QueueList,
  spreads: number,
  weight: number,
): string | null | undefined {
  if (spreads < 2) return undefined;
  const passedOver = new Map<string, number>();
  const most = (weight + 1) * (spreads - 1);
  return eachCall(facts, ({ fact, ready }) => {
    const queue = queues[fact.queue]!;
    for (let spread = 0; spread < spreads; spread++) {
      const key = `${fact.thread} ${queue.group} ${queue.prio} ${spread}`;
      const waits = [...ready].some(([index, sincePs]) => {
        const { group, prio } = queues[index]!;
        return index % spreads === spread && group === queue.group && prio === queue.prio &&
          sincePs < fact.ps;
      });
      if (!waits || fact.queue % spreads === spread) passedOver.delete(key);
      else passedOver.set(key, (passedOver.get(key) ?? 0) + 1);
      if ((passedOver.get(key) ?? 0) <= most) continue;
      return `thread ${fact.thread} passed over spread ${spread} of priority ${queue.prio} more than ` +
        `${most} times in a row, last at ${us(fact.ps)}, though it had something`;
    }
    return null;
  });
}

/** ODP-9. */
export function checkGroups(facts: readonly Fact[], queues: QueueList): string | null | undefined {
  const member = new Set<string>();
  let judged = false;
  for (const { kind, ps, queue, thread, detail } of facts) {
    if (kind === FACT.joined) member.add(`${thread} ${detail}`);
    else if (kind === FACT.left) member.delete(`${thread} ${detail}`);
    else if (kind === FACT.taken) {
      judged = true;
      const { name, group } = queues[queue]!;
      if (member.has(`${thread} ${group}`)) continue;
      return `thread ${thread} took from ${name} at ${
        us(ps)
      }, which is of group ${group}: it is not in that`;
    }
  }
  return judged ? null : undefined;
}
