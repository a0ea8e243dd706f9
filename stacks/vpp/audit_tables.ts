/** Checkers of the tables: a scan over all routes beside the mtrie, shares of paths by counting buckets. */
import type { Ip4Fib } from "./ip4_fib.ts";
import { LB_DROP, type LoadBalances } from "./load_balance.ts";

/** Routes whose edges are looked up: a scan of all for each would take seconds with a full table. */
const ROUTES_MAX = 24;
/** Error of all buckets together: a tenth of them by rounding, and as many again for the first path. */
const ERROR_MAX = 0.2;

/** VPP-9: looks up both edges of prefixes and their neighbours, and compares with a scan. */
export function auditMtrie(fib: Ip4Fib): string | null {
  const routes: { prefix: number; depth: number; loadBalance: number }[] = [];
  fib.walk((prefix, depth, loadBalance) => void routes.push({ prefix, depth, loadBalance }));
  for (const { prefix, depth } of routes.slice(0, ROUTES_MAX)) {
    const size = 2 ** (32 - depth);
    for (const address of [prefix - 1, prefix, prefix + size - 1, prefix + size]) {
      if (address < 0 || address > 0xffff_ffff) continue;
      let longest = -1;
      let expected = LB_DROP;
      for (const each of routes) {
        const covered = 2 ** (32 - each.depth);
        if (address < each.prefix || address >= each.prefix + covered) continue;
        if (each.depth > longest) [longest, expected] = [each.depth, each.loadBalance];
      }
      const found = fib.lookup(address);
      if (found === expected) continue;
      return `the mtrie answers load balance ${found} for 0x${address.toString(16)}, a scan of ` +
        `${routes.length} routes ${expected}`;
    }
  }
  return null;
}

/** VPP-10: buckets counted by where they lead. */
export function auditLoadBalances(loadBalances: LoadBalances): string | null {
  for (let index = 0; index < loadBalances.end; index++) {
    const buckets = loadBalances.mask[index]! + 1;
    if (buckets <= 1) continue;
    if (2 ** Math.round(Math.log2(buckets)) !== buckets) {
      return `load balance ${index} has ${buckets} buckets, not a power of two`;
    }
    const count = new Map<string, number>();
    for (let i = 0; i < buckets; i++) {
      const at = loadBalances.base[index]! + i;
      const leads = `${loadBalances.type[at]} ${loadBalances.dpo[at]}`;
      count.set(leads, (count.get(leads) ?? 0) + 1);
    }
    const paths = loadBalances.pathsOf(index);
    const sum = paths.reduce((total, { weight }) => total + weight, 0);
    const got = paths.map(({ type, index: dpo }) => count.get(`${type} ${dpo}`) ?? 0);
    const exact = paths.map(({ weight }) => weight * buckets / sum);
    const error = got.reduce((total, n, i) => total + Math.abs(n - exact[i]!), 0);
    if (error <= ERROR_MAX * buckets) continue;
    return `load balance ${index}: paths of weights ${
      paths.map(({ weight }) => weight).join(", ")
    } have ` +
      `${got.join(", ")} of ${buckets} buckets`;
  }
  return null;
}
