/** Faults of what judges devices of the real world: identities, fences, the oracle's choices, bridges. */
import { type Fault, faultsIn } from "../fault.ts";

const FENCE = ["stacks/external/live/fence_test.ts"];
const EXTERNAL = ["stacks/external/external_test.ts", ...FENCE];
const REFERENCE = ["properties/reference/router_test.ts"];
const BRIDGE = ["properties/l2/check_test.ts"];

/** Everything of devices that needs no permission to be tested. */
export const LIVE_FAULTS: readonly Fault[] = [
  ...faultsIn("harness", "stacks/external/identity.ts", EXTERNAL, [
    {
      id: "identity-twice-the-first",
      what: "of packets that are alike the first is told every time",
      from: "      if (this.#told[i] === 0) break;",
      to: "      break;",
    },
  ]),
  ...faultsIn("harness", "stacks/external/likeness.ts", EXTERNAL, [
    {
      id: "identity-by-ttl",
      what: "a packet whose TTL fell is taken for a stranger's",
      from: "return at === 8 || at === 10 || at === 11;",
      to: "return at === 10 || at === 11;",
    },
  ]),
  ...faultsIn("harness", "stacks/external/observe.ts", EXTERNAL, [
    {
      id: "observe-error-of-anybody",
      what: "every ICMP error is taken for one of the device's own",
      from: "addresses.includes(source) : source === addresses[port];",
      to: "addresses.includes(source) : source >= 0;",
    },
    {
      id: "observe-error-is-stranger",
      what: "ICMP errors of a device whose addresses nobody declared are strangers",
      from: "return isError(policy, bytes, at, length) ? GENERATED :",
      to: "return isOwn(policy, port, bytes, at, length) ? GENERATED :",
    },
    {
      id: "observe-error-before-packet",
      what: "a forwarded ICMP error is taken for the device's own",
      from: "if (packet >= 0) return packet;",
      to: "if (packet >= 0 && !isError(policy, bytes, at, length)) return packet;",
    },
    {
      id: "observe-no-drop",
      what: "what never came out has no fate",
      from: "if (seen[p] === 0) o.drop(p, REASON.other, place, at[p]!);",
      to: "if (seen[p] === 2) o.drop(p, REASON.other, place, at[p]!);",
    },
  ]),
  ...faultsIn("harness", "stacks/external/live/fence.ts", FENCE, [
    {
      id: "fence-from-any-port",
      what: "a fence that came out of a wrong port is taken for one that is back",
      from: "    if (egress !== port) {",
      to: "    if (egress > this.#ports) {",
    },
    {
      id: "fence-old-one-counts",
      what: "a fence of an exchange that is over is taken for the one that is awaited",
      from: "    if (this.#awaited[pair] !== number) return true;",
      to: "",
    },
    {
      id: "fence-of-anybody",
      what: "the nonce is not compared to its end",
      from: "for (let i = 0; i < NONCE; i++) if",
      to: "for (let i = 0; i < 0; i++) if",
    },
  ]),
  ...faultsIn("harness", "stacks/external/live/ipv4_fence.ts", FENCE, [
    {
      id: "fence-address-in-use",
      what: "a fence goes to an address that a packet comes from",
      from: "(isOne(at(ip + 12)) || isOne(at(ip + 16)))",
      to: "isOne(at(ip + 16))",
    },
    {
      id: "fence-in-padding",
      what: "the tag of a fence is padding, which the kernel cuts off",
      from: "payload: SIZE - HEADERS, ",
      to: "",
    },
  ]),
  ...faultsIn("harness", "properties/reference/router.ts", REFERENCE, [
    {
      id: "reference-martian-off-by-one",
      what: "the address behind a martian prefix is martian too",
      from: "address < known[0] + known[1];",
      to: "address <= known[0] + known[1];",
    },
    {
      id: "reference-option-beyond",
      what: "an option that reaches beyond the header is taken for one that can be parsed",
      from: "|| at + length > end) return null;",
      to: "|| at + length > end + 4) return null;",
    },
    {
      id: "reference-no-choice",
      what: "a packet with a record route option must be forwarded",
      from: 'return asks ? DEFECT["bad-option"] : 0;',
      to: "return asks ? 0 : 0;",
    },
    {
      id: "reference-choices-forgotten",
      what: "what a stricter choice would drop must be forwarded",
      from: "return defects !== 0 ? asked | defects : asked | choices(",
      to: "return defects < 0 ? asked | defects : asked | choices(",
    },
    {
      id: "reference-padding-kept",
      what: "padding is expected though the policy cuts it off",
      from:
        'length[p] = policy.padding === "cut" ? IP + totalLengthOf(scenario, p) : traffic.length[p]!;\n    writeForwarded',
      to: "length[p] = traffic.length[p]!;\n    writeForwarded",
    },
  ]),
  ...faultsIn("harness", "properties/l2/bridge.ts", BRIDGE, [
    {
      id: "bridge-never-moves",
      what: "the model of a bridge does not see that a station moved",
      from: "    learnt.set(src, port);",
      to: "    if (!learnt.has(src)) learnt.set(src, port);",
    },
    {
      id: "bridge-copy-of-a-copy",
      what: "a frame that leaves a port twice is not told",
      from: "if ((left[n]! >> port & 1) === 1) return",
      to: "if ((left[n]! >> port & 1) === 2) return",
    },
    {
      id: "bridge-any-order",
      what: "frames of a flow may overtake each other",
      from: "    if (before > n) return",
      to: "    if (before > n + 99) return",
    },
  ]),
];
