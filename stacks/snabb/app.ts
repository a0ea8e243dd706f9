/** What an app is: a class with some of these methods. Source: README.md of Snabb, "App". */
import type { Link } from "./link.ts";

/** The links at one side of an app, by name and, from 0, by index. */
export type Links = { [name: string]: Link | undefined } & {
  length: number;
  [index: number]: Link;
};

/** A key of an app's argument: whether it must be given, or what stands for it. */
export interface ConfigKey {
  /** It must be given. */
  readonly required?: boolean;
  /** What it is when it is not given. */
  readonly default?: unknown;
}

/** An app's argument. */
// deno-lint-ignore no-explicit-any -- each class knows the shape of its own
export type AppArg = any;

/** An app's class. `new Class(arg, process)` is `Class:new(arg)` of the original. */
export interface AppClass {
  /** Name in designs. */
  readonly name: string;
  /** Starts the app; `process` is a `SnabbModules`, or more of it than that for apps of this folder. */
  // deno-lint-ignore no-explicit-any -- a class says itself how much of its process it needs
  new (arg: AppArg, process: any): SnabbApp;
  /** Keys that its argument may have; with them the argument is checked. */
  readonly config?: { readonly [key: string]: ConfigKey };
}

/**
 * An app. All methods are optional; the engine sets `appname`, `input` and `output`.
 *
 * @example
 * ```ts
 * import { SnabbApp, type SnabbModules } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * class Forward extends SnabbApp {
 *   constructor(_: unknown, readonly process: SnabbModules) {
 *     super();
 *   }
 *   override push(): void {
 *     const { link } = this.process;
 *     const { input: { input }, output: { output } } = this;
 *     while (!link.empty(input!)) link.transmit(output!, link.receive(input!));
 *   }
 * }
 * assertEquals(typeof Forward.prototype.push, "function");
 * ```
 */
export abstract class SnabbApp {
  /** Its name in the design. */
  appname = "";
  /** What its cycles are booked under; by default its class. */
  zone = "";
  /** Links that it receives from. */
  input: Links = linksOf();
  /** Links that it transmits on. */
  output: Links = linksOf();
  /** Takes packets from outside, `engine.pull_npackets` at most, and transmits them. */
  pull?(): void;
  /** Receives what its input links hold and does its work on it. */
  push?(): void;
  /** In place of `push`: what is done with the packets of one input link, by its name. */
  pushLink?: { readonly [name: string]: (input: Link) => void };
  /** Called a thousand times a second at most. */
  tick?(): void;
  /** Takes another argument while it runs; without it the app is stopped and started. */
  reconfig?(arg: AppArg): void;
  /** A link has been added. */
  link?(direction: "input" | "output", name: string): void;
  /** A link will be removed. */
  unlink?(direction: "input" | "output", name: string): void;
  /** Ends; what the app holds is freed. */
  stop?(): void;
  /** Lines of the report at the end. */
  report?(): readonly string[];
  /** Packets that it holds between callbacks. */
  held?(): Iterable<number>;
}

/** No links. */
export function linksOf(): Links {
  return Object.defineProperty({}, "length", { value: 0, writable: true }) as Links;
}
