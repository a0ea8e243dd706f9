/**
 * How often the kernel may send an ICMP error: a bucket for each host (xrlim_allow: one token each
 * icmp_ratelimit milliseconds, six at most) and one for all (icmp_global_allow: icmp_msgs_per_sec, fifty at most).
 * "Fragmentation needed" is never held back: path MTU discovery stalls without it.
 *
 * Source: Linux net/ipv4/icmp.c (icmpv4_xrlim_allow, icmp_global_allow), net/ipv4/inetpeer.c (inet_peer_xrlim_allow);
 * RFC 1812, 4.3.2.8.
 */

/** Milliseconds for each error to one host (net.ipv4.icmp_ratelimit). */
export const ICMP_RATELIMIT_MS = 1000;
/** Errors that a host may be sent at once (XRLIM_BURST_FACTOR). */
export const XRLIM_BURST_FACTOR = 6;
/** Errors to all hosts in a second, and at once (net.ipv4.icmp_msgs_per_sec, icmp_msgs_burst). */
export const ICMP_MSGS_PER_SEC = 1000;
export const ICMP_MSGS_BURST = 50;
/** Hosts that are remembered; beyond that all are forgotten and begin anew, held by the global limit alone. */
const PEERS_MAX = 65_536;

/** The buckets. */
export class IcmpLimit {
  /** Errors that the limits held back (IcmpOutRateLimitGlobal, IcmpOutRateLimitHost). */
  global = 0;
  host = 0;
  #credit = ICMP_MSGS_BURST;
  #stampMs = 0;
  readonly #peers = new Map<number, { tokensMs: number; lastMs: number }>();

  /** Whether an error may go to a host at this time; takes its tokens. O(1). */
  allow(host: number, nowMs: number): boolean {
    const gained = Math.floor((nowMs - this.#stampMs) * ICMP_MSGS_PER_SEC / 1000);
    // a fiftieth of a second has to go by before the bucket is filled again
    if (nowMs - this.#stampMs >= 20) {
      this.#credit = Math.min(ICMP_MSGS_BURST, this.#credit + gained);
      this.#stampMs = nowMs;
    }
    if (this.#credit === 0) {
      this.global++;
      return false;
    }
    this.#credit--;
    const most = XRLIM_BURST_FACTOR * ICMP_RATELIMIT_MS;
    let peer = this.#peers.get(host);
    if (peer === undefined) {
      if (this.#peers.size === PEERS_MAX) this.#peers.clear();
      this.#peers.set(host, peer = { tokensMs: most, lastMs: nowMs });
    }
    peer.tokensMs = Math.min(most, peer.tokensMs + nowMs - peer.lastMs);
    peer.lastMs = nowMs;
    if (peer.tokensMs < ICMP_RATELIMIT_MS) {
      this.host++;
      return false;
    }
    peer.tokensMs -= ICMP_RATELIMIT_MS;
    return true;
  }
}
