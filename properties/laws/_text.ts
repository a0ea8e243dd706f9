/** How laws write times, addresses and the like. */
import type { Observation } from "../../core/machine/observation.ts";
import type { Verdict } from "../law.ts";

/** The law holds in this run. */
export const KEPT: Verdict = { kind: "kept" };

/** The law says nothing about this run. */
export function notJudged(why: string): Verdict {
  return { kind: "not-judged", why };
}

/** The law is broken. */
export function broken(sentence: string, packets: readonly number[]): Verdict {
  return { kind: "broken", sentence, packets };
}

/** 1 buffer, 2 buffers. */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/** Picoseconds, to the last one of them: two instants that differ must not read alike. */
export function time(ps: number): string {
  if (ps < 0) return "never";
  return ps < 1e6 ? `${ps / 1e3} ns` : `${ps / 1e6} us`;
}

/** Dotted decimals of the address at `at`. */
export function addressAt(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** Dotted decimals of an address that is a number. */
export function address(value: number): string {
  return [24, 16, 8, 0].map((shift) => value >>> shift & 255).join(".");
}

/** Six bytes of MAC address at `at`. */
export function macAt(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), (b) => hex(b, 2)).join(":");
}

/** Hexadecimal with leading zeros, without prefix. */
export function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** Name of a place. */
export function placeName(o: Observation, place: number): string {
  return o.places[place]?.name ?? "an unnamed place";
}
