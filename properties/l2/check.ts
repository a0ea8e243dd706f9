/** Judges a bridge on drawn frames, and shrinks what breaks a law. */
import * as fc from "fast-check";
import {
  BRIDGE_LAWS,
  bridgeExpects,
  type BridgeFault,
  bridgeFrame,
  type BridgeFrameDraw,
  bridgeFrames,
  bridgeFrameText,
  type BridgeLaw,
  type BridgeUnderTest,
  judgeBridge,
} from "./bridge.ts";

/** What a check of a bridge may be told. */
export interface BridgeCheckOptions {
  /** Draws to run; 1000. */
  readonly numRuns?: number;
  /** Seed of the drawing, an integer of 32 bits; 802. */
  readonly seed?: number;
}

/** What came of it. */
export interface BridgeResult {
  /** Name of the bridge. */
  readonly device: string;
  /** No law was broken, and each was judged. */
  readonly ok: boolean;
  /** Draws run, shrinking left out. */
  readonly runs: number;
  /** Frames that went in. */
  readonly frames: number;
  /** Seed of the drawing. */
  readonly seed: number;
  /** How many frames each law decided on, in the order of the laws. */
  readonly laws: readonly { readonly law: BridgeLaw; readonly judged: number }[];
  /** What was broken, and the fewest frames on which it was, in words; null when nothing was. */
  readonly fault: (BridgeFault & { readonly frames: readonly string[] }) | null;
}

/**
 * Judges a bridge by the laws of {@link BRIDGE_LAWS}. Each draw begins with a bridge that knows nothing.
 *
 * @throws {RangeError} when the bridge has fewer than two ports
 * @example
 * ```ts
 * import { checkBridge } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * // a hub: it sends everything everywhere
 * const hub = {
 *   name: "hub",
 *   ports: 2,
 *   exchange: (frames: readonly { port: number; bytes: Uint8Array }[]) =>
 *     frames.map(({ port, bytes }) => ({ port: 1 - port, bytes })),
 * };
 * const { ok, fault } = checkBridge(hub, { numRuns: 100 });
 * assertEquals([ok, fault!.frames.length], [false, 1]);
 * ```
 */
export function checkBridge(
  bridge: BridgeUnderTest,
  { numRuns = 1000, seed = 802 }: BridgeCheckOptions = {},
): BridgeResult {
  const { name, ports } = bridge;
  if (ports < 2) throw new RangeError(`Cannot judge ${name}: it has ${ports} ports, fewer than 2`);
  const judged = new Map<string, number>(BRIDGE_LAWS.map(({ id }) => [id, 0]));
  const count = (id: string, n: number) => judged.set(id, judged.get(id)! + n);
  let runs = 0;
  let frames = 0;
  let fault: BridgeFault | null = null;
  const judge = (draws: BridgeFrameDraw[]): boolean => {
    const found = judgeBridge(ports, draws, bridge.exchange(draws.map(bridgeFrame)));
    if (fault === null) {
      runs++;
      frames += draws.length;
      for (const { law } of bridgeExpects(ports, draws)) count(law, 1);
      for (const id of ["L2-4", "L2-6"]) count(id, draws.length);
    }
    fault = found ?? fault;
    return found === null;
  };
  const details = fc.check(fc.property(bridgeFrames(ports), judge), { numRuns, seed });
  if (details.errorInstance instanceof Error && fault === null) throw details.errorInstance;
  const laws = BRIDGE_LAWS.map((law) => ({ law, judged: judged.get(law.id)! }));
  const least = details.counterexample?.[0];
  if (least === undefined) {
    const ok = laws.every((one) => one.judged > 0);
    return { device: name, ok, runs, frames, seed, laws, fault: null };
  }
  const broken = judgeBridge(ports, least, bridge.exchange(least.map(bridgeFrame))) ?? fault!;
  const told = { ...broken, frames: least.map(bridgeFrameText) };
  return { device: name, ok: false, runs, frames, seed, laws, fault: told };
}
