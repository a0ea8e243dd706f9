/** Checks a Traffic Manager system by what came into its queues and left them, with buckets of its own. */
import type { TmFact } from "./tm_log.ts";
import {
  DEFAULT_QUEUES,
  type TmNodeOptions,
  type TmOptions,
  type TmShaperOptions,
} from "./tm_options.ts";

/** A node or queue with those below it. */
interface Tree {
  readonly options: TmNodeOptions;
  /** Numbers of the queues below, or its own. */
  readonly queues: readonly number[];
  readonly children: readonly Tree[];
}

/** The tree of the options, grown from the root down. */
export function treeOf({ nodes = [], queues = DEFAULT_QUEUES, shaper }: TmOptions): Tree {
  const below = (name: string | undefined): Tree[] => [
    ...nodes.filter(({ parent }) => parent === name).map((options): Tree => {
      const children = below(options.name);
      return { options, children, queues: children.flatMap((child) => child.queues) };
    }),
    ...queues.flatMap((options, i): Tree[] =>
      options.parent === name ? [{ options, children: [], queues: [i] }] : []
    ),
  ];
  const children = below(undefined);
  const options = { name: "root", ...shaper === undefined ? {} : { shaper } };
  return { options, children, queues: children.flatMap((child) => child.queues) };
}

function all(tree: Tree): Tree[] {
  return [tree, ...tree.children.flatMap(all)];
}

const us = (ps: number): string => `${(ps * 1e-6).toFixed(3)} us`;

/** What leaves the node of a shaper is bound by the larger of its rates. */
function bound(
  { commitRate, commitBurst, peakRate, peakBurst }: TmShaperOptions,
): { rate: number; burst: number } {
  return { rate: (peakRate ?? commitRate) * 1e-12, burst: peakBurst ?? commitBurst };
}

/** ODP-15, and ODP-20 with `afterIdle`: only intervals that begin after a time in which the credit was full. */
export function checkRates(
  facts: readonly TmFact[],
  options: TmOptions,
  afterIdle: boolean,
): string | null | undefined {
  let judged = false;
  for (const { options: { name, shaper }, queues } of all(treeOf(options))) {
    if (shaper === undefined) continue;
    const { rate, burst } = bound(shaper);
    const sent = facts.filter(({ isSent, queue }) => isSent && queues.includes(queue));
    let before = 0;
    let least = Infinity;
    let leastPs = 0;
    let lastPs = -Infinity;
    for (const { ps, bytes } of sent) {
      const isIdle = (ps - lastPs) * rate >= burst;
      if ((!afterIdle || isIdle) && before - rate * ps < least) {
        least = before - rate * ps;
        leastPs = ps;
      }
      const bits = 8 * (bytes + (shaper.lenAdjust ?? 0));
      before += bits;
      judged = true;
      const over = before - bits - rate * ps - least;
      if (over > burst + 1) {
        return `${name} sent ${Math.round(over + rate * (ps - leastPs))} bits and a packet from ${
          us(leastPs)
        } ` +
          `to ${us(ps)}, expected at most ${
            Math.round(rate * (ps - leastPs) + burst)
          } and a packet`;
      }
      lastPs = ps;
    }
  }
  return judged ? null : undefined;
}

/** ODP-16, of children without shapers in and below them. */
export function checkShares(
  facts: readonly TmFact[],
  options: TmOptions,
): string | null | undefined {
  const largest = Math.max(0, ...facts.map(({ bytes }) => bytes));
  let judged = false;
  for (const node of all(treeOf(options))) {
    const free = node.children.filter((child) =>
      all(child).every((one) => one.options.shaper === undefined)
    );
    for (const [i, a] of free.entries()) {
      for (const b of free.slice(i + 1)) {
        if ((a.options.prio ?? 0) !== (b.options.prio ?? 0)) continue;
        judged = true;
        const sentence = pair(facts, a, b, largest);
        if (sentence !== null) return sentence;
      }
    }
  }
  return judged && largest > 0 ? null : undefined;
}

/** While both are backlogged, what they sent by their weights is apart by a packet of each at most. */
function pair(facts: readonly TmFact[], a: Tree, b: Tree, largest: number): string | null {
  const [weightA, weightB] = [a.options.weight ?? 1, b.options.weight ?? 1];
  const most = largest / weightA + largest / weightB;
  const backlog = [0, 0];
  let apart = 0;
  let least = 0;
  let greatest = 0;
  for (const { isSent, queue, ps, bytes } of facts) {
    const side = a.queues.includes(queue) ? 0 : b.queues.includes(queue) ? 1 : -1;
    if (side < 0) continue;
    if (isSent && backlog[0]! > 0 && backlog[1]! > 0) {
      apart += side === 0 ? bytes / weightA : -bytes / weightB;
      least = Math.min(least, apart);
      greatest = Math.max(greatest, apart);
      if (greatest - least > most + 1e-6) {
        return `${a.options.name} and ${b.options.name}, both backlogged, were ` +
          `${(greatest - least).toFixed(1)} bytes by weight apart at ${us(ps)}, expected at most ${
            most.toFixed(1)
          }`;
      }
    }
    backlog[side]! += isSent ? -1 : 1;
    if (backlog[side] === 0) apart = least = greatest = 0;
  }
  return null;
}

/** ODP-17. */
export function checkUrgency(
  facts: readonly TmFact[],
  options: TmOptions,
): string | null | undefined {
  const tree = treeOf(options);
  const nodes = all(tree);
  if (!nodes.some(({ children }) => new Set(children.map((c) => c.options.prio ?? 0)).size > 1)) {
    return undefined;
  }
  const backlog = new Map<number, number>();
  const credit = new Map<Tree, { bits: number; ps: number }>();
  const creditOf = (node: Tree, ps: number): number => {
    const { rate, burst } = bound(node.options.shaper!);
    const { bits, ps: since } = credit.get(node) ?? { bits: burst, ps: 0 };
    return Math.min(burst, bits + rate * (ps - since));
  };
  const mayGo = (node: Tree, ps: number): boolean => {
    if (node.options.shaper !== undefined && creditOf(node, ps) <= 1) return false;
    if (node.children.length > 0) return node.children.some((child) => mayGo(child, ps));
    return (backlog.get(node.queues[0]!) ?? 0) > 0;
  };
  for (const { isSent, queue, ps, bytes } of facts) {
    const before = backlog.get(queue) ?? 0;
    if (!isSent) {
      backlog.set(queue, before + 1);
      continue;
    }
    for (const { options: { name }, children } of nodes) {
      const served = children.find((child) => child.queues.includes(queue));
      const passed = served &&
        children.find((child) =>
          (child.options.prio ?? 0) < (served.options.prio ?? 0) && mayGo(child, ps)
        );
      if (passed === undefined) continue;
      return `${name} served ${served!.options.name} at ${
        us(ps)
      }, while ${passed.options.name} of a more ` +
        `urgent priority had a packet that might go`;
    }
    backlog.set(queue, before - 1);
    for (const node of nodes) {
      const { shaper } = node.options;
      if (shaper === undefined || !node.queues.includes(queue)) continue;
      credit.set(node, { bits: creditOf(node, ps) - 8 * (bytes + (shaper.lenAdjust ?? 0)), ps });
    }
  }
  return facts.length === 0 ? undefined : null;
}
