/**
 * The kernel's filters of one socket, in their order: the hash rule of the packet's exact tuple, wildcard rules by
 * their number, the BPF program, sampling. The first rule that matches and stops decides; where none does, the socket's
 * policy. What is rejected is not copied, and counts as filtered.
 *
 * Source: PF_RING 8.9.0, kernel/pf_ring.c (add_skb_to_ring, match_filtering_rule, check_perfect_rules),
 * kernel/linux/pf_ring.h (filtering_rule, hash_filtering_rule, rule_action_behaviour).
 */
import type { BpfFilter } from "./bpf.ts";
import type { ParsedPkt } from "./parse_pkt.ts";

/** What a rule does with what matches it: the kernel's own words, shortened. */
export type RuleAction =
  /** forward_packet_and_stop_rule_evaluation: to the application. */
  | "forward"
  /** dont_forward_packet_and_stop_rule_evaluation: not to the application. */
  | "dont-forward"
  /** reflect_packet_and_stop_rule_evaluation: out of `reflector`, not to the application. */
  | "reflect"
  /** bounce_packet_and_stop_rule_evaluation: back out of the interface that it came in on. */
  | "bounce";

/** A rule for one exact flow. */
export interface HashRule {
  /** VLAN id, 0 of an untagged frame. */
  readonly vlanId: number;
  /** Protocol number of IP. */
  readonly protocol: number;
  /** Source address. */
  readonly src: number;
  /** Destination address. */
  readonly dst: number;
  /** Source port, 0 where there are none. */
  readonly srcPort: number;
  /** Destination port. */
  readonly dstPort: number;
  /** What happens to its packets. */
  readonly action: RuleAction;
  /** Port that `reflect` sends out of. */
  readonly reflector?: number;
}

/** A rule for what its fields say; what is left out is any. */
export interface WildcardRule {
  /** Rules are tried in order of these. */
  readonly ruleId: number;
  /** VLAN id. */
  readonly vlanId?: number;
  /** Protocol number of IP. */
  readonly protocol?: number;
  /** Source address, and the mask of the bits that count. */
  readonly src?: readonly [address: number, mask: number];
  /** Destination address likewise. */
  readonly dst?: readonly [address: number, mask: number];
  /** First and last source port. */
  readonly srcPort?: readonly [low: number, high: number];
  /** First and last destination port. */
  readonly dstPort?: readonly [low: number, high: number];
  /** What happens to its packets. */
  readonly action: RuleAction;
  /** Port that `reflect` sends out of. */
  readonly reflector?: number;
}

/** What is to become of a packet on a socket. */
export interface FilterVerdict {
  readonly action: RuleAction;
  /** Port for `reflect`. */
  readonly reflector: number;
}

const FORWARD: FilterVerdict = { action: "forward", reflector: -1 };
const REJECT: FilterVerdict = { action: "dont-forward", reflector: -1 };

/** Cycles that filters cost. */
export interface FilterCosts {
  readonly rule: number;
  readonly insn: number;
}

/** Filters of one socket. */
export class SocketFilters {
  /** pfring_set_bpf_filter. */
  bpf: BpfFilter | null = null;
  /** Every how many-th packet is taken (pfring_set_sampling_rate). */
  samplingRate = 1;
  /** pfring_toggle_filtering_policy: what happens to what no rule matches. */
  acceptByDefault = true;
  hashMatch = 0;
  hashMiss = 0;
  hashFiltered = 0;
  wildcardFiltered = 0;
  bpfFiltered = 0;
  sampledOut = 0;
  readonly #hash = new Map<string, HashRule>();
  readonly #wildcard: WildcardRule[] = [];
  #toSample = 0;

  /** Rules of each kind. */
  get hashRules(): number {
    return this.#hash.size;
  }

  get wildcardRules(): number {
    return this.#wildcard.length;
  }

  /** Adds a rule for one flow; one for the same flow is replaced. */
  addHashRule(rule: HashRule): void {
    this.#hash.set(keyOf(rule), rule);
  }

  /** Adds a wildcard rule at its place. */
  addWildcardRule(rule: WildcardRule): void {
    this.#wildcard.push(rule);
    this.#wildcard.sort((a, b) => a.ruleId - b.ruleId);
  }

  /** What becomes of a packet; adds what looking cost to `charge`. */
  judge(
    parsed: ParsedPkt,
    bytes: Uint8Array,
    at: number,
    length: number,
    costs: FilterCosts,
    charge: (cycles: number) => void,
  ): FilterVerdict {
    const rule = this.#rule(parsed, costs, charge);
    if (rule !== null && rule.action !== "forward") return rule;
    if (rule === null && !this.acceptByDefault) {
      this.wildcardFiltered++;
      return REJECT;
    }
    const { bpf } = this;
    if (bpf !== null) {
      const before = bpf.executed;
      const wanted = bpf.run(bytes, at, length);
      charge((bpf.executed - before) * costs.insn);
      if (wanted === 0) {
        this.bpfFiltered++;
        return REJECT;
      }
    }
    if (this.samplingRate > 1) {
      if (this.#toSample > 0) {
        this.#toSample--;
        this.sampledOut++;
        return REJECT;
      }
      this.#toSample = this.samplingRate - 1;
    }
    return FORWARD;
  }

  /** What the rules say, or null where none matches. */
  #rule(
    parsed: ParsedPkt,
    costs: FilterCosts,
    charge: (cycles: number) => void,
  ): FilterVerdict | null {
    if (this.#hash.size > 0) {
      charge(costs.rule);
      const { outer } = parsed;
      const found = this.#hash.get(keyOf({ ...outer, vlanId: parsed.vlanId }));
      if (found !== undefined) {
        this.hashMatch++;
        if (found.action === "dont-forward") this.hashFiltered++;
        return { action: found.action, reflector: found.reflector ?? -1 };
      }
      this.hashMiss++;
    }
    for (const rule of this.#wildcard) {
      charge(costs.rule);
      if (!matches(rule, parsed)) continue;
      if (rule.action === "dont-forward") this.wildcardFiltered++;
      return { action: rule.action, reflector: rule.reflector ?? -1 };
    }
    return null;
  }
}

function keyOf(of: Omit<HashRule, "action" | "reflector">): string {
  return `${of.vlanId} ${of.protocol} ${of.src} ${of.dst} ${of.srcPort} ${of.dstPort}`;
}

function matches(rule: WildcardRule, { vlanId, outer }: ParsedPkt): boolean {
  const address = (want: readonly [number, number] | undefined, is: number): boolean =>
    want === undefined || ((want[0] ^ is) & want[1]) === 0;
  const port = (want: readonly [number, number] | undefined, is: number): boolean =>
    want === undefined || (is >= want[0] && is <= want[1]);
  return (rule.vlanId === undefined || rule.vlanId === vlanId) &&
    (rule.protocol === undefined || rule.protocol === outer.protocol) &&
    address(rule.src, outer.src) && address(rule.dst, outer.dst) &&
    port(rule.srcPort, outer.srcPort) && port(rule.dstPort, outer.dstPort);
}
