/**
 * Drop reasons as bits of a set. The reference router imports nothing but types, so the numbers stand here a
 * second time; a test compares them with the core's list.
 */
import type { ReasonName } from "../../core/policy.ts";

/** Bit of each drop reason: 1 shifted by the reason's number. `none` is the empty set. */
export const DEFECT: { readonly [name in ReasonName]: number } = {
  none: 0,
  ttl: 1 << 1,
  "no-route": 1 << 2,
  "bad-checksum": 1 << 3,
  "bad-header": 1 << 4,
  "not-ip": 1 << 5,
  "not-for-us": 1 << 6,
  hairpin: 1 << 7,
  runt: 1 << 8,
  oversize: 1 << 9,
  "rx-missed": 1 << 10,
  "tx-full": 1 << 11,
  "qdisc-full": 1 << 12,
  "no-buffer": 1 << 13,
  "ring-full": 1 << 14,
  consumed: 1 << 15,
  other: 1 << 16,
  "bad-fcs": 1 << 17,
  "too-big": 1 << 18,
  unresolved: 1 << 19,
  martian: 1 << 20,
  "bad-option": 1 << 21,
  blackhole: 1 << 22,
  "reverse-path": 1 << 23,
};
