/** What an ODP program declares. */
import type { Policy, ReasonName } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { BURST_MAX, type OdpSettings } from "./options.ts";

/**
 * RFC 1812 for l3fwd, pairs of ports for l2fwd. Lost under load are what the NIC has no descriptors for, what an
 * interface refuses (`tx-full`; by the Traffic Manager `qdisc-full`), what finds an event queue or the loop
 * interface full (`ring-full`), and what finds the pool of its class empty (`no-buffer`). Parallel queues keep no
 * order. A spread that is not preferred has its turn once in `prioSpreadWeight` + 1 calls of a burst; classes of
 * different priority starve each other.
 */
export function odpPolicy(settings: OdpSettings): Policy {
  const { app, mode, output, classifier } = settings;
  const congestion: ReasonName[] = ["rx-missed", "tx-full"];
  if (mode === "ordered" || classifier !== undefined) congestion.push("ring-full");
  if (classifier?.cos.some(({ pool }) => pool !== undefined)) congestion.push("no-buffer");
  if (output === "tm") congestion.push("qdisc-full");
  const syncs = classifier === undefined ? [mode] : classifier.cos.map(({ sync }) => sync ?? mode);
  const order = syncs.includes("parallel") ? "none" : "flow";
  const classes = new Set(classifier?.cos.map(({ prio }) => prio));
  const turns = classes.size > 1 ? "priority" : (settings.prioSpreadWeight + 1) * BURST_MAX;
  const policy: Policy = { ...STRICT, order, congestion, turns };
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
