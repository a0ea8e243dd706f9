/** Where every packet is: a count for each, over all places that there are. Knows no freelist from a ring. */
import { STRIDE } from "../../core/memory/memory.ts";
import type { Link } from "./link.ts";
import type { Machinery, SnabbProcess } from "./process.ts";

/** Whether each packet that was allocated is in one place and no more. O(packets). */
export function auditPackets(
  processes: readonly SnabbProcess[],
  machinery: Machinery,
): string | null {
  const places = new Map<number, string[]>();
  const at = (p: number, place: string): void => {
    const known = places.get(p);
    if (known === undefined) places.set(p, [place]);
    else known.push(place);
  };
  let allocated = 0;
  for (const { pid, packet, engine } of processes) {
    allocated += packet.allocated;
    const { nfree, list } = packet.freelist;
    for (let i = 0; i < nfree; i++) at(list[i]!, `the freelist of process ${pid}`);
    for (const link of engine.links.values()) {
      for (const p of inside(link)) at(p, `link ${link.name}`);
    }
    for (const app of engine.apps.values()) for (const p of app.held?.() ?? []) at(p, app.appname);
    for (const app of engine.network.leaving) {
      for (const p of app.held?.() ?? []) at(p, `${app.appname}, stopped`);
    }
  }
  for (const p of machinery.group?.packets() ?? []) at(p, "the group freelist");
  for (const link of machinery.interlinks.all()) {
    for (const p of link.held()) at(p, `interlink ${link.name}`);
  }
  for (const [p, where] of places) {
    if (where.length > 1) return `packet ${p} is in ${where.join(" and in ")}, expected one place`;
  }
  if (places.size === allocated) return null;
  return `${places.size} packets were found, expected ${allocated}: as many as were allocated`;
}

function inside({ read, write, packets }: Link): number[] {
  const held: number[] = [];
  for (let i = read; i !== write; i = (i + 1) % packets.length) held.push(packets[i]!);
  return held;
}

/** Whether data of all packets of a process begin where they may. */
export function headroomOf({ packet, memory, engine }: SnabbProcess): string | null {
  const { nfree, list } = packet.freelist;
  const wrong = (p: number): string | null => {
    const headroom = memory.offset[p]! - p * STRIDE;
    if (headroom >= 0 && headroom < 512 && headroom % 2 === 0) return null;
    return `data of packet ${p} begin at byte ${headroom}, expected an even one of 0..510`;
  };
  for (let i = 0; i < nfree; i++) {
    const found = wrong(list[i]!);
    if (found !== null) return found;
  }
  for (const link of engine.links.values()) {
    for (const p of inside(link)) {
      const found = wrong(p);
      if (found !== null) return found;
    }
  }
  return null;
}

/** Whether the group freelist holds what it should. */
export function groupSum({ group }: Machinery): string | null | "nothing" {
  if (group === null || group.added === 0) return "nothing";
  const held = [...group.packets()].length;
  if (held === group.added - group.removed) return null;
  return `the group freelist holds ${held} packets, expected ${group.added} less ${group.removed}`;
}
