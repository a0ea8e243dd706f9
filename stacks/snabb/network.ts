/**
 * The app network of a process: apps and links by name, and the change from one design to another.
 * Source: core/app.lua (app_table, link_table, configure).
 */
import { REASON } from "../../core/policy.ts";
import { type ActionHost, applyActions, computeActions } from "./actions.ts";
import type { AppClass, SnabbApp } from "./app.ts";
import { config, type SnabbConfig } from "./config.ts";
import { Link } from "./link.ts";
import { LinkWatch } from "./link_watch.ts";
import { type BreatheOrder, breatheOrder } from "./order.ts";
import type { SnabbProcess } from "./process.ts";
import { ReconfigureWatch } from "./reconfigure_watch.ts";

/** Apps and links. */
export class Network implements ActionHost {
  readonly apps: Map<string, SnabbApp> = new Map();
  readonly links: Map<string, Link> = new Map();
  /** The design that runs. */
  configuration: SnabbConfig = config.new();
  /** The order of callbacks. */
  order: BreatheOrder = { pull: [], push: [] };
  /** Checks changes; null where nothing is checked. */
  readonly watch: ReconfigureWatch | null;
  readonly #process: SnabbProcess;
  /** What stopped apps wait for, asked after each breath until it answers true. */
  readonly #pending: { app: SnabbApp; done: () => boolean }[] = [];

  /** Nothing yet. */
  constructor(process: SnabbProcess) {
    this.#process = process;
    this.watch = process.settings.developerDebug ? new ReconfigureWatch() : null;
  }

  /** Makes the running network that of a design. What is the same in both is left alone. */
  configure(next: SnabbConfig): void {
    const actions = computeActions(this.configuration, next);
    this.watch?.before(this.links, next.links, this.#process.frees.value);
    applyActions(this, next, actions);
    this.watch?.after(this.links, this.#process.frees.value);
    this.configuration = { apps: new Map(next.apps), links: new Set(next.links) };
    this.order = breatheOrder(this.apps);
  }

  start(name: string, cls: AppClass, arg: unknown): SnabbApp {
    const app = new cls(arg, this.#process);
    app.appname = name;
    if (app.zone === "") app.zone = cls.name;
    return app;
  }

  stop(app: SnabbApp): void {
    app.stop?.();
  }

  newLink(spec: string): Link {
    const process = this.#process;
    const size = process.linkSize;
    const place = process.env.place(`link ${spec}`, size - 1);
    const link = new Link(spec, size, place, process.counters);
    if (process.settings.developerDebug) link.watch = new LinkWatch();
    return link;
  }

  freeLink(link: Link): void {
    const process = this.#process;
    while (!process.link.empty(link)) process.discard(process.link.receive(link), REASON.other);
    for (const name of ["rxpackets", "rxbytes", "txpackets", "txbytes", "txdrop"]) {
      process.counters.delete(`links/${link.name}/${name}`);
    }
  }

  /** Asks `done` after each breath until it answers true: for an app that takes longer to stop than a callback. */
  await(app: SnabbApp, done: () => boolean): void {
    if (!done()) this.#pending.push({ app, done });
  }

  /** Apps that were stopped and have not let go of their packets yet. */
  get leaving(): readonly SnabbApp[] {
    return this.#pending.map(({ app }) => app);
  }

  /** Asks those that wait. */
  settle(): void {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      if (this.#pending[i]!.done()) this.#pending.splice(i, 1);
    }
  }
}

/** Packets that an app has handed to links, whether they took or dropped them. */
export function givenBy({ output }: SnabbApp): number {
  let given = 0;
  for (let i = 0; i < output.length; i++) {
    given += output[i]!.txpackets.value + output[i]!.txdrop.value;
  }
  return given;
}
