/** What a policy declares, in words. A field that is new there does not compile before it has words here. */
import type { Policy, RouterChoices } from "../../core/policy.ts";

/** The words for a value of each field of `T`; none for one that says what is meant without it. */
type Words<T> = { readonly [K in keyof T]-?: (value: NonNullable<T[K]>) => string };

/** What a router decides by: it means nothing of what forwards by ports. */
type RouterField =
  | "onMiss"
  | "ttl"
  | "checksum"
  | "header"
  | "hairpin"
  | "dstMac"
  | "checksDstMac"
  | "defaultRoute";

const ROUTER: Words<Pick<Policy, RouterField>> = {
  onMiss: (way) => `miss ${way}`,
  ttl: (way) => `ttl ${way}`,
  checksum: (way) => `checksum ${way}`,
  header: (way) => `header ${way}`,
  hairpin: (way) => `hairpin ${way}`,
  dstMac: (whose) => `destination mac ${whose}`,
  checksDstMac: (checks) =>
    checks === false
      ? ""
      : `checks destination mac${checks === "unicast" ? " but of frames to a group" : ""}`,
  defaultRoute: (has) => has ? "" : "no default route",
};

const CONGESTION: Words<Pick<Policy, "congestion">> = {
  congestion: (reasons) =>
    `may lose under load: ${reasons.length === 0 ? "nothing" : reasons.join(", ")}`,
};

/** What a router may drop or forward, as it likes. */
const CHOICES: Words<RouterChoices> = {
  checksDstMac: (checks) => checks === false ? "" : "frames to another MAC address",
  options: (way) => way === "parse" ? "options that ask something or cannot be parsed" : "",
  tinyFragments: (way) => way === "drop" ? "fragments at offset 8" : "",
  martianSources: (prefixes) => `from ${prefixes.join(", ")}`,
  martianDestinations: (prefixes) => `to ${prefixes.join(", ")}`,
};

const OTHERS: Words<Omit<Policy, RouterField | "congestion">> = {
  topology: (way) => way === "sink" ? "takes every packet" : `forwards by ports, ${way}`,
  macs: (way) => ({ keep: "", set: "sets MAC addresses", swap: "swaps MAC addresses" })[way],
  rewrites: (what) =>
    ({ "5-tuple": "swaps addresses and ports", checksums: "writes checksums anew" })[what],
  checksumUpdate: (way) => way === "increment" ? "increments the checksum" : "",
  options: (way) =>
    ({ forward: "", punt: "takes IPv4 options aside", parse: "parses IPv4 options" })[way],
  tinyFragments: (way) => way === "drop" ? "drops fragments at offset 8" : "",
  originates: ({ arp }) =>
    `sends of its own accord: ICMP errors${arp === undefined ? "" : " and ARP"}`,
  mtu: (mtu) => `MTU ${typeof mtu === "number" ? mtu : mtu.join(", ")}`,
  tooLong: (way) => way === "cut" ? "cuts what is longer into fragments" : "",
  reversePath: (way) => `${way} reverse path forwarding`,
  priorityTags: (way) =>
    ({ tag: "", strip: "takes tags of VLAN 0 off", may: "may take tags of VLAN 0 off" })[way],
  routeTypes: (has) => has ? "routes may have several next hops, or none" : "",
  padding: (way) =>
    ({ keep: "", cut: "cuts padding off", any: "may cut padding off, or write zeros there" })[way],
  ports: (kind) => kind === "virtual" ? "virtual ports: takes frames of any length" : "",
  martianSources: (prefixes) => `forwards nothing from ${prefixes.join(", ")}`,
  martianDestinations: (prefixes) => `forwards nothing to ${prefixes.join(", ")}`,
  order: (of) => ({ flow: "", unfragmented: "fragments in any order", none: "in any order" })[of],
  turns: (turns) =>
    turns === "priority"
      ? "what is urgent goes before all else"
      : `${turns} packets may go before one that waits`,
  mayDropAs: (choices) => `may drop or forward: ${said(CHOICES, choices).join("; ")}`,
};

/** The words for what `values` declares, in the order of `words`. */
function said<T>(words: Words<T>, values: T): string[] {
  return (Object.keys(words) as (keyof T)[]).flatMap((key) => {
    const value = values[key];
    const text = value === undefined ? "" : words[key](value as NonNullable<T[keyof T]>);
    return text === "" ? [] : [text];
  });
}

/** What a policy declares: by which it routes, what it may lose, and each of its other fields. */
export function policyLines(policy: Policy): string[] {
  const routes = policy.topology === undefined;
  return [
    ...routes ? [said(ROUTER, policy).join(", ")] : [],
    ...said(CONGESTION, policy),
    ...said(OTHERS, policy),
  ];
}
