/** What an ODP program declares. */
import type { Policy, ReasonName } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import type { OdpSettings } from "./options.ts";

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
  const policy: Policy = { ...STRICT, order, congestion };
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
