/**
 * Checks breaths from outside, by what ran and what was left: each pull once, each app's inputs drained after whatever
 * feeds them had run. Knows apps and links, not how the order was worked out.
 */
import type { SnabbApp } from "./app.ts";
import type { Link } from "./link.ts";

/** Watches the breaths of one process. */
export class OrderWatch {
  /** What is wrong, or null. */
  broken: string | null = null;
  /** Breaths that were looked at. */
  judged = 0;
  #ran: string[] = [];

  /** A callback runs. */
  ran(kind: "pull" | "push", app: SnabbApp): void {
    this.#ran.push(`${kind} ${app.appname}`);
  }

  /** The breath is over. */
  breathed(apps: ReadonlyMap<string, SnabbApp>): void {
    this.judged++;
    const ran = this.#ran;
    this.#ran = [];
    if (this.broken !== null) return;
    for (const [name, app] of apps) {
      const pulls = ran.filter((what) => what === `pull ${name}`).length;
      const expected = app.pull !== undefined ? 1 : 0;
      if (pulls !== expected) {
        this.broken = `app ${name} was pulled ${pulls} times in a breath, expected ${expected}: ${
          ran.join(", ")
        }`;
        return;
      }
      // an app that nothing feeds is not pushed
      if (app.pull !== undefined || app.push === undefined || app.input.length === 0) continue;
      this.#follow(name, app, apps, ran);
    }
  }

  /** Every app that drains an output of `app` runs after it, unless `app` is fed by that app in turn. */
  #follow(
    name: string,
    app: SnabbApp,
    apps: ReadonlyMap<string, SnabbApp>,
    ran: readonly string[],
  ): void {
    for (const [next, other] of apps) {
      if (other.push === undefined || !joined(app, other) || reaches(other, app, apps)) continue;
      const before = ran.indexOf(`push ${name}`);
      const after = ran.lastIndexOf(`push ${next}`);
      if (before >= 0 && after > before) continue;
      this.broken = `app ${next} was not pushed after ${name}, which feeds it: ${ran.join(", ")}`;
    }
  }
}

function joined(from: SnabbApp, to: SnabbApp): boolean {
  const inputs = new Set<Link>(Object.values(to.input) as Link[]);
  return Object.values(from.output).some((link) => inputs.has(link as Link));
}

/** Whether packets of one app can come to another within a breath. */
function reaches(from: SnabbApp, to: SnabbApp, apps: ReadonlyMap<string, SnabbApp>): boolean {
  const seen = new Set<SnabbApp>([from]);
  for (const app of seen) {
    if (app.pull !== undefined) continue;
    for (const next of apps.values()) if (joined(app, next)) seen.add(next);
  }
  return seen.has(to) && from !== to;
}
