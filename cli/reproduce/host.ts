/** A host profile with some numbers changed. */
import type { Figure, HostProfile } from "../../fixtures/mod.ts";

/** The figure of a profile by its name, e.g. `nic.residenceNs`. */
export function figureOf(host: HostProfile, name: string): Figure {
  const [group, key] = name.split(".");
  const part = (host as unknown as Record<string, Record<string, Figure>>)[group!];
  const figure = typeof part === "object" ? part[key!] : undefined;
  if (figure === undefined) throw new RangeError(`Cannot find ${name} in profile ${host.name}`);
  return figure;
}

/** The profile with these values in place of its own, under the same sources. */
export function withValues(
  host: HostProfile,
  values: Readonly<Record<string, number>>,
): HostProfile {
  const changed = structuredClone(host) as unknown as Record<string, Record<string, Figure>>;
  for (const [name, value] of Object.entries(values)) {
    const figure = figureOf(host, name);
    const [group, key] = name.split(".");
    changed[group!]![key!] = { ...figure, value };
  }
  return changed as unknown as HostProfile;
}
