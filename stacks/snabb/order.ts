/**
 * The order in which callbacks run in a breath: pulls by name of the app; pushes by the links that they drain, sorted
 * topologically (reverse post-order from the links that pulls fill), so that a packet goes through a network without
 * cycles in one breath. Source: core/app.lua, compute_breathe_order and tsort.
 */
import type { SnabbApp } from "./app.ts";
import type { Link } from "./link.ts";

/** One step of the exhale: an app, and the link that it is run for. */
export interface PushStep {
  readonly app: SnabbApp;
  readonly link: Link;
  /** Name of the link at the app. */
  readonly input: string;
}

/** Both halves of a breath. */
export interface BreatheOrder {
  readonly pull: readonly SnabbApp[];
  readonly push: readonly PushStep[];
}

/** Works the order out, for apps by name. */
export function breatheOrder(apps: ReadonlyMap<string, SnabbApp>): BreatheOrder {
  const names = [...apps.keys()].sort();
  const sorted = names.map((name) => apps.get(name)!);
  const pull = sorted.filter((app) => app.pull !== undefined);
  const steps = new Map<Link, PushStep>();
  for (const app of sorted) {
    for (const input of Object.keys(app.input).filter(isName).sort()) {
      const link = app.input[input]!;
      steps.set(link, { app, link, input });
    }
  }
  const order = topological([...steps.keys()], filledByPull(pull), (link) => {
    const { app } = steps.get(link)!;
    // what an app with a pull transmits is there since the inhale
    return app.pull !== undefined ? [] : outputsOf(app).filter((next) => steps.has(next));
  });
  const push: PushStep[] = [];
  for (const link of order) {
    const step = steps.get(link)!;
    if (step.app.pushLink?.[step.input] === undefined) {
      if (step.app.push === undefined) continue;
      // one push drains all inputs, so links of one app in a row need one
      const last = push.at(-1);
      if (last?.app === step.app && step.app.pushLink?.[last.input] === undefined) continue;
    }
    push.push(step);
  }
  return { pull, push };
}

/** Links by index are those by name once more. */
function isName(key: string): boolean {
  return !/^\d+$/.test(key);
}

function outputsOf(app: SnabbApp): Link[] {
  return Object.keys(app.output).filter(isName).sort().map((name) => app.output[name]!);
}

function filledByPull(pull: readonly SnabbApp[]): Link[] {
  return pull.flatMap(outputsOf);
}

/** Reverse post-order of a walk from `entries`, then from what is left; without recursion. */
function topological(
  nodes: readonly Link[],
  entries: readonly Link[],
  successors: (of: Link) => readonly Link[],
): Link[] {
  const visited = new Set<Link>();
  const postOrder: Link[] = [];
  for (const root of [...entries.filter((link) => nodes.includes(link)), ...nodes]) {
    if (visited.has(root)) continue;
    visited.add(root);
    const path = [{ link: root, next: successors(root)[Symbol.iterator]() }];
    while (path.length > 0) {
      const { link, next } = path.at(-1)!;
      const step = next.next();
      if (step.done === true) {
        postOrder.push(link);
        path.pop();
      } else if (!visited.has(step.value)) {
        visited.add(step.value);
        path.push({ link: step.value, next: successors(step.value)[Symbol.iterator]() });
      }
    }
  }
  return postOrder.reverse();
}
