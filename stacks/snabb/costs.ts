/** What Snabb costs on this machine, by the names of the profile. */
import type { Env } from "../../core/stack.ts";

const NAMES = [
  "rxPacket",
  "appPacket",
  "txPacket",
  "breath",
  "callback",
  "tdhRead",
  "doorbell",
  "usleep",
  "copy16",
  "linkPacket",
  "filterInstruction",
  "interlinkPacket",
  "interlinkSync",
  "vhostPacket",
  "chunk",
  "interpreter",
  "hotLoop",
  "compile",
] as const;

/** Cycles by operation; `interpreter` is a factor, `hotLoop` a count. */
export type SnabbCosts = { readonly [name in typeof NAMES[number]]: number };

/** @throws {RangeError} when the profile lacks one */
export function snabbCosts(env: Pick<Env, "cost">): SnabbCosts {
  return Object.fromEntries(NAMES.map((name) => [name, env.cost(`snabb.${name}`)])) as SnabbCosts;
}
