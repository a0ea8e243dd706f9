/** Closes the books at the end of a run: what the parts of the machine have to say goes into the Observation. */
import { UPDATE_LATE_PS } from "../pcie/_credits.ts";
import type { Mempool } from "../memory/mempool.ts";
import type { Geometry } from "./device.ts";
import type { Machine } from "./machine.ts";
import { deviceAccount, poolAccount } from "./pool_accounts.ts";

/**
 * Fills in times, counters and accounts; of a recorded run also the state of every buffer.
 * @param pools those that the stack asked for; of pool i it had `inHandAtBoot[i]` buffers before the first packet
 */
export function closeBooks(
  machine: Machine,
  geometry: Geometry,
  pools: readonly Mempool[],
  inHandAtBoot: readonly number[],
): void {
  const { clock, ledger, memory, observation: o } = machine;
  o.endPs = clock.now;
  o.events = clock.events;
  o.traceHash = clock.traceHash;
  o.copiedBytes = memory.copiedBytes;
  const fabric = machine.fabric(geometry.fidelity);
  o.links = fabric.links();
  // the last UpdateFCs are no events: let them arrive before the books are closed, also those that faults hold back
  const updatePs = machine.profile.fabric.updateFcPs + Math.max(...UPDATE_LATE_PS);
  o.credits = fabric.credits(clock.now + 4 * updatePs);
  o.pools = [];
  if (o.recorded) {
    ledger.describeWaiting();
    pools.forEach((pool, i) => o.pools.push(poolAccount(machine, pool, inHandAtBoot[i]!)));
    for (let port = 0; port < geometry.ports; port++) o.pools.push(deviceAccount(machine, port));
  }
  o.rings = [];
  for (const nic of machine.nics.slice(0, geometry.ports)) o.rings.push(...nic.ringAccounts());
  o.lcores = [];
  for (let l = 0; l < geometry.lcores; l++) {
    const lcore = machine.lcores[l]!;
    lcore.settle(clock.now);
    o.lcores.push({
      lcore: l,
      busyPs: lcore.usefulPs + lcore.emptyPs,
      usefulPs: lcore.usefulPs,
      totalPs: clock.now,
    });
  }
}
