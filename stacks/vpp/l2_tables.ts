/** Bridge domains: their members, and which MAC address was seen on which. Source: VPP src/vnet/l2/l2_fib.h. */

/** All bridge domains. */
export class L2Tables {
  /** Members of each, as sw_if_index. */
  readonly members = new Map<number, Set<number>>();
  /** By domain and MAC address, the interface that it was last seen on. */
  readonly #learnt = new Map<string, number>();

  /** An interface joins a domain. */
  join(domain: number, index: number): void {
    const members = this.members.get(domain);
    if (members === undefined) this.members.set(domain, new Set([index]));
    else members.add(index);
  }

  /** An address was seen on an interface. */
  learn(domain: number, mac: number, index: number): void {
    this.#learnt.set(`${domain} ${mac}`, index);
  }

  /** Where an address was seen, or -1. */
  lookup(domain: number, mac: number): number {
    return this.#learnt.get(`${domain} ${mac}`) ?? -1;
  }
}
