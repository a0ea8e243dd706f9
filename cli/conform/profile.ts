/**
 * A deviation profile: a file in which somebody says where a device departs from what it would be judged by, and
 * why. It is reviewed as code is, steers the reference router, and every report prints it.
 */
import { z } from "zod";
import { type Policy, REASONS, STRICT } from "../../core/mod.ts";
import { parsed, readJsonFile } from "../json_file.ts";
import { oneLine } from "../user_error.ts";

/** One departure. */
export interface Deviation {
  /** Field of the policy. */
  readonly field: keyof Policy;
  /** What the device does. */
  readonly value: unknown;
  /** Why that is so, in a sentence. */
  readonly why: string;
}

const BYTES_MAX = 1 << 16;
const prefix = z.string().refine(
  (text) =>
    /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(text) &&
    text.split(/[./]/).every((n, i) => Number(n) < (i < 4 ? 256 : 33)),
  "expected a prefix such as 10.0.0.0/8",
);

/** RFC 791, 3.2: every link carries 68 bytes. */
const mtu = z.int().min(68).max(65535);

/** Every field that a profile may name, and its values. */
const VALUES = {
  onMiss: z.enum(["drop", "reflect"]),
  ttl: z.enum(["drop", "ignore"]),
  checksum: z.enum(["verify", "trust"]),
  checksumUpdate: z.enum(["rfc1624", "increment"]),
  header: z.enum(["full", "minimal", "lengths"]),
  hairpin: z.enum(["forward", "drop"]),
  dstMac: z.enum(["next-hop", "port"]),
  checksDstMac: z.union(
    [z.boolean(), z.literal("unicast")],
    'expected true, false or "unicast"',
  ),
  defaultRoute: z.boolean(),
  topology: z.enum(["paired", "chained", "loop", "sink"]),
  macs: z.enum(["keep", "set", "swap"]),
  rewrites: z.enum(["5-tuple", "checksums"]),
  mtu: z.union([mtu, z.array(mtu).min(1)]),
  tooLong: z.enum(["whole", "cut"]),
  reversePath: z.enum(["strict", "loose"]),
  priorityTags: z.enum(["tag", "strip", "may"]),
  routeTypes: z.boolean(),
  options: z.enum(["forward", "punt", "parse"]),
  tinyFragments: z.enum(["forward", "drop"]),
  turns: z.union(
    [z.int().min(1), z.literal("priority")],
    'expected a whole number from 1, or "priority"',
  ),
  padding: z.enum(["keep", "cut", "any"]),
  ports: z.enum(["ethernet", "virtual"]),
  martianSources: z.array(prefix),
  martianDestinations: z.array(prefix),
  order: z.enum(["flow", "unfragmented", "none"]),
  congestion: z.array(z.enum(REASONS)),
} satisfies { [field in keyof Policy]?: z.ZodType };

const schema = z.strictObject({
  deviations: z.array(z.strictObject({
    field: z.enum(Object.keys(VALUES) as (keyof typeof VALUES)[]),
    value: z.unknown(),
    why: z.string().min(1),
  })).min(1),
});

/**
 * The departures that a file declares.
 * @throws {UserError} naming the entry that is not as expected
 */
export function readProfile(path: string): Deviation[] {
  const { deviations } = readJsonFile(path, "a deviation profile", BYTES_MAX, schema);
  return deviations.map(({ field, value, why }, i) => {
    const schema: z.ZodType<Deviation["value"]> = VALUES[field];
    return { field, value: parsed(path, value, schema, ["deviations", i, "value"]), why };
  });
}

/** A policy with departures. */
export function withDeviations(policy: Policy, deviations: readonly Deviation[]): Policy {
  return {
    ...policy,
    ...Object.fromEntries(deviations.map(({ field, value }) => [field, value])),
  };
}

/** What a device is judged by beyond RFC 1812 to the letter, a line each, and the departures with their reasons. */
export function profileLines(policy: Policy, deviations: readonly Deviation[]): string[] {
  const declared = new Set(deviations.map(({ field }) => field));
  const lines: string[] = [];
  for (const field of Object.keys(policy) as (keyof Policy)[]) {
    if (declared.has(field) || field === "congestion") continue;
    if (policy[field] === STRICT[field]) continue;
    lines.push(`judged as: ${field} ${valueText(field, policy[field])}`);
  }
  for (const { field, value, why } of deviations) {
    lines.push(`deviation: ${field} ${valueText(field, value)} (${oneLine(why)})`);
  }
  return lines;
}

/** What a field of a policy says, in a few words. */
export function valueText(field: string, value: unknown): string {
  if (field === "originates") return "ICMP errors";
  if (field === "mayDropAs") {
    const choices = Object.entries(value as object);
    return choices.map(([choice, of]) => `${choice} ${valueText(choice, of)}`).join("; ");
  }
  return Array.isArray(value) ? value.join(", ") : String(value);
}
