/**
 * From one design to another: what is the same stays as it is, with its packets; what has gone is stopped, what is new
 * is started, and an app with another argument takes it (`reconfig`) or is started anew.
 * Source: core/app.lua, compute_config_actions and apply_config_actions.
 */
import type { AppClass, Links, SnabbApp } from "./app.ts";
import { config, type LinkSpec, type SnabbConfig } from "./config.ts";
import type { Link } from "./link.ts";

/** What is to be done, in this order. */
export type Action =
  | { readonly do: "unlink"; readonly spec: string; readonly ends: LinkSpec }
  | { readonly do: "free_link"; readonly spec: string }
  | { readonly do: "stop_app"; readonly name: string }
  | { readonly do: "start_app"; readonly name: string }
  | { readonly do: "reconfig_app"; readonly name: string }
  | { readonly do: "new_link"; readonly spec: string }
  | {
    readonly do: "link";
    readonly spec: string;
    readonly ends: LinkSpec;
    readonly end: "input" | "output";
  };

/**
 * The actions that lead from a design to another.
 * @throws {TypeError} when a link of the new one names an app that it does not have
 */
export function computeActions(old: SnabbConfig, next: SnabbConfig): Action[] {
  const actions: Action[] = [];
  for (const spec of old.links) {
    if (next.links.has(spec)) continue;
    actions.push({ do: "unlink", spec, ends: config.parseLink(spec) }, { do: "free_link", spec });
  }
  for (const name of old.apps.keys()) {
    if (!next.apps.has(name)) actions.push({ do: "stop_app", name });
  }
  const fresh = appActions(old, next, actions);
  for (const spec of next.links) {
    const ends = config.parseLink(spec);
    for (const name of [ends.from, ends.to]) {
      if (next.apps.has(name)) continue;
      throw new TypeError(`Cannot configure link ${spec}: no such app: ${name}`);
    }
    const isNew = !old.links.has(spec);
    if (isNew) actions.push({ do: "new_link", spec });
    if (isNew || fresh.has(ends.from)) actions.push({ do: "link", spec, ends, end: "output" });
    if (isNew || fresh.has(ends.to)) actions.push({ do: "link", spec, ends, end: "input" });
  }
  return actions;
}

/** Adds those for apps of the new design; answers the names of those that are started. */
function appActions(old: SnabbConfig, next: SnabbConfig, actions: Action[]): Set<string> {
  const fresh = new Set<string>();
  for (const [name, info] of next.apps) {
    const before = old.apps.get(name);
    if (before?.class === info.class) {
      if (JSON.stringify(before.arg) === JSON.stringify(info.arg)) continue;
      if (reconfigures(info.class)) {
        actions.push({ do: "reconfig_app", name });
        continue;
      }
    }
    if (before !== undefined) actions.push({ do: "stop_app", name });
    actions.push({ do: "start_app", name });
    fresh.add(name);
  }
  return fresh;
}

function reconfigures(cls: AppClass): boolean {
  return typeof (cls as unknown as { prototype: SnabbApp }).prototype.reconfig === "function";
}

/** What applies them. */
export interface ActionHost {
  readonly apps: Map<string, SnabbApp>;
  readonly links: Map<string, Link>;
  start(name: string, cls: AppClass, arg: unknown): SnabbApp;
  /** Stops an app and frees what it holds. */
  stop(app: SnabbApp): void;
  newLink(spec: string): Link;
  /** Frees what is in a link. */
  freeLink(link: Link): void;
}

/** Does it. */
export function applyActions(
  host: ActionHost,
  next: SnabbConfig,
  actions: readonly Action[],
): void {
  for (const action of actions) {
    switch (action.do) {
      case "unlink":
        unlinkEnds(host, action.spec, action.ends);
        break;
      case "free_link":
        host.freeLink(host.links.get(action.spec)!);
        host.links.delete(action.spec);
        break;
      case "stop_app":
        host.stop(host.apps.get(action.name)!);
        host.apps.delete(action.name);
        break;
      case "start_app": {
        const info = next.apps.get(action.name)!;
        host.apps.set(action.name, host.start(action.name, info.class, info.arg));
        break;
      }
      case "reconfig_app":
        host.apps.get(action.name)!.reconfig!(next.apps.get(action.name)!.arg);
        break;
      case "new_link":
        host.links.set(action.spec, host.newLink(action.spec));
        break;
      case "link":
        linkEnd(host, action.spec, action.ends, action.end);
        break;
    }
  }
}

function unlinkEnds(host: ActionHost, spec: string, ends: LinkSpec): void {
  const link = host.links.get(spec)!;
  const both = [["output", ends.from, ends.fromLink], ["input", ends.to, ends.toLink]] as const;
  for (const [end, name, linkName] of both) {
    const app = host.apps.get(name)!;
    app.unlink?.(end, linkName);
    remove(app[end], linkName, link);
  }
}

function linkEnd(host: ActionHost, spec: string, ends: LinkSpec, end: "input" | "output"): void {
  const [name, linkName] = end === "output" ? [ends.from, ends.fromLink] : [ends.to, ends.toLink];
  const app = host.apps.get(name)!;
  const links = app[end];
  links[linkName] = host.links.get(spec)!;
  links[links.length++] = host.links.get(spec)!;
  app.link?.(end, linkName);
}

function remove(links: Links, name: string, link: Link): void {
  delete links[name];
  const rest = Array.from({ length: links.length }, (_, i) => links[i]!).filter((l) => l !== link);
  for (let i = 0; i < links.length; i++) delete links[i];
  rest.forEach((one, i) => links[i] = one);
  links.length = rest.length;
}
