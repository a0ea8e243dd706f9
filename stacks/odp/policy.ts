/** What an ODP program declares. */
import type { Policy, ReasonName } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { BURST_MAX, type OdpSettings } from "./options.ts";

/**
 * RFC 1812 for l3fwd, pairs of ports for l2fwd. Lost under load are what the NIC has no descriptors for, what an
 * interface refuses (`tx-full`; by the Traffic Manager `qdisc-full`), what finds an event queue or the loop
 * interface full (`ring-full`), and what finds the pool of its class empty (`no-buffer`). Parallel queues keep no
 * order.
 */
export function odpPolicy(settings: OdpSettings): Policy {
  const { app, mode, output, classifier } = settings;
  const congestion: ReasonName[] = ["rx-missed", "tx-full"];
  if (mode === "ordered" || classifier !== undefined) congestion.push("ring-full");
  if (classifier?.cos.some(({ pool }) => pool !== undefined)) congestion.push("no-buffer");
  if (output === "tm") congestion.push("qdisc-full");
  const syncs = classifier === undefined ? [mode] : classifier.cos.map(({ sync }) => sync ?? mode);
  const order = syncs.includes("parallel") ? "none" : "flow";
  const policy: Policy = { ...STRICT, order, congestion, ...turnsOf(settings) };
  if (app === "l3fwd") return policy;
  return {
    ...policy,
    checksum: "trust",
    ttl: "ignore",
    header: "minimal",
    dstMac: "port",
    topology: "paired",
    macs: "set",
  };
}

/**
 * A thread looks first into another spread than its own once in `prioSpreadWeight` + 1 calls, and into each of the
 * others in turn (spread_tbl in sched_local_init): a queue behind a flooded one waits for so many calls of a burst,
 * in each event queue that it goes through. A call that polls an ordered input queue goes on to the other spreads, so
 * without a classifier nobody waits behind one. Classes of different priority starve each other.
 */
function turnsOf(settings: OdpSettings): Pick<Policy, "turns"> {
  const { mode, classifier, prioSpread, prioSpreadWeight } = settings;
  if (new Set(classifier?.cos.map(({ prio }) => prio)).size > 1) return { turns: "priority" };
  const isHeld = mode === "atomic" || mode === "parallel" || classifier !== undefined;
  if (!isHeld || prioSpread === 1) return {};
  // input and class, and both again where there is a second pass
  const queues = classifier === undefined ? 1 : classifier.loopDefaultCos === undefined ? 2 : 4;
  return { turns: queues * (prioSpreadWeight + 1) * (prioSpread - 1) * BURST_MAX };
}
