/**
 * A bench that somebody else built: a file that says which interfaces lead to a router's ports, and what the router is
 * set up for. JSON.
 */
import { z } from "zod";
import { ipv4ToString, type Neighbours, type Policy, type RouteSet } from "../../core/mod.ts";
import { readPrefixList } from "../../fixtures/mod.ts";
import { ANY_ROUTER, type GivenSetup, MARTIANS } from "../../stacks/mod.ts";
import { longestMatch } from "../../properties/reference/longest_match.ts";
import { readInput } from "../files.ts";
import { readJsonFile } from "../json_file.ts";
import { UserError } from "../user_error.ts";

const FILE_BYTES_MAX = 1 << 20;
const ROUTES_BYTES_MAX = 2 ** 28;
/** 192.0.0.8, what a router without an address sends ICMP errors from (RFC 7600, 6). */
const DUMMY_ADDRESS = "192.0.0.8";
/** Place of what is no next hop. */
const NOWHERE = -1;

const mac = z.string().regex(/^[\da-fA-F]{2}(:[\da-fA-F]{2}){5}$/, "expected a MAC address")
  .transform((text) => text.split(":").map((byte) => parseInt(byte, 16)));
const address = z.string().refine(
  (text) => /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split(".").every((n) => Number(n) < 256),
  "expected an IPv4 address",
);

const schema = z.strictObject({
  ports: z.array(z.strictObject({
    /** The tester's interface. */
    interface: z.string().min(1).max(15),
    /** The router's MAC address there. */
    mac,
    /** The router's own address there. */
    address: address.optional(),
    mtu: z.int().min(68).max(9000).optional(),
  })).min(1).max(16),
  nextHops: z.array(z.strictObject({
    port: z.int().min(0),
    mac,
    /** For which ARP is answered; left out, it stands for all that routes say is behind it. */
    address: address.optional(),
  })).min(1).max(4096),
  /** Lines of a prefix list, or the path of one. */
  routes: z.union([z.string(), z.array(z.string()).min(1)]),
});

type Port = z.infer<typeof schema>["ports"][number];
type Hop = z.infer<typeof schema>["nextHops"][number];

/**
 * What a bench file says.
 * @throws {UserError} or {InputError} naming what is not as expected
 */
export function readBench(path: string): GivenSetup {
  const { ports, nextHops, routes: named } = readJsonFile(
    path,
    "a bench file",
    FILE_BYTES_MAX,
    schema,
  );
  ports.forEach(({ interface: name }, i) => {
    if (ports.findIndex((one) => one.interface === name) === i) return;
    throw new UserError(`${path}: ports.${i}.interface: expected each once, got ${name} twice`);
  });
  nextHops.forEach(({ port }, i) => {
    if (port < ports.length) return;
    throw new UserError(
      `${path}: nextHops.${i}.port: expected 0..${ports.length - 1}, got ${port}`,
    );
  });
  const read = readRoutes(path, named, nextHops);
  const { special } = read;
  const routes = withHosts(read.routes, nextHops);
  const count = nextHops.length + special.size;
  const macs = new Uint8Array(count * 6);
  nextHops.forEach((hop, i) => macs.set(hop.mac, i * 6));
  const neighbours: Neighbours = {
    count,
    port: Uint8Array.from({ length: count }, (_, i) => nextHops[i]?.port ?? 0),
    mac: macs,
    portMac: Uint8Array.from(ports.flatMap((port) => port.mac)),
    ...special.size > 0 ? { special } : {},
  };
  return {
    interfaces: ports.map((port) => port.interface),
    routes,
    neighbours,
    hopAddresses: nextHops.map((hop) => hop.address === undefined ? null : numberOf(hop.address)),
    policy: policyOf(ports, broadcasts(routes, nextHops)),
  };
}

/** Routes; next hops are named by their place in the bench file or by their address. */
function readRoutes(
  path: string,
  named: string | readonly string[],
  nextHops: readonly Hop[],
): Pick<Required<Neighbours>, "special"> & { readonly routes: RouteSet } {
  const [name, bytes] = typeof named === "string"
    ? [named, readInput(named, "a prefix list", ROUTES_BYTES_MAX)]
    : [`${path}: routes`, new TextEncoder().encode(placed(path, named, nextHops).join("\n"))];
  const list = readPrefixList(name, bytes, { special: true, nextHops: nextHops.length });
  const hops = list.nextHops.map((hop) => placeOf(hop, nextHops));
  // where they go by their place, the list has every lower one too
  const wrong = hops.lastIndexOf(NOWHERE);
  if (wrong >= 0) {
    throw new UserError(`${name}: ${expectedHop(nextHops)}, got ${list.nextHops[wrong]}`);
  }
  // the list numbers what is no next hop behind those that it names
  const numbered = (hop: number) => hops[hop] ?? hop - hops.length + nextHops.length;
  const special = new Map(
    [...list.special].map(([hop, is]) =>
      [numbered(hop), typeof is === "string" ? is : is.map(numbered)] as const
    ),
  );
  return { routes: { ...list.routes, nextHop: list.routes.nextHop.map(numbered) }, special };
}

/** Lines of a prefix list, which may name one next hop by its place and another by its address, all by their place. */
function placed(path: string, lines: readonly string[], nextHops: readonly Hop[]): string[] {
  return lines.map((line, i) =>
    line.replace(
      /^(\s*\S+\s+)(\d[\d.]*(?:,\d[\d.]*)*)(?!\S)/,
      (_, prefix: string, hops: string) => {
        const places = hops.split(",").map((hop) => {
          const at = placeOf(hop, nextHops);
          if (at >= 0) return at;
          throw new UserError(
            `${path}: routes: line ${i + 1}: ${expectedHop(nextHops)}, got ${hop}`,
          );
        });
        return prefix + places.join(",");
      },
    )
  );
}

/** Place of a next hop that goes by its place or its address, {@link NOWHERE} if there is none. */
function placeOf(hop: string, nextHops: readonly Hop[]): number {
  if (hop.includes(".")) return nextHops.findIndex((one) => one.address === hop);
  return Number(hop) < nextHops.length ? Number(hop) : NOWHERE;
}

function expectedHop({ length }: readonly Hop[]): string {
  return `expected a next hop by its place, 0..${length - 1}, or its address`;
}

/** The routes, and to each next hop with an address within a network at its port one of its own, as ARP would have it. */
function withHosts(routes: RouteSet, nextHops: readonly Hop[]): RouteSet {
  const hosts = nextHops.flatMap(({ address, port }, hop) => {
    if (address === undefined) return [];
    const at = longestMatch(routes, numberOf(address));
    const network = at < 0 ? undefined : nextHops[routes.nextHop[at]!];
    const isBehind = network !== undefined && network.address === undefined &&
      network.port === port;
    return isBehind ? [{ prefix: numberOf(address), hop }] : [];
  });
  return {
    count: routes.count + hosts.length,
    prefix: Uint32Array.from([...routes.prefix, ...hosts.map(({ prefix }) => prefix)]),
    depth: Uint8Array.from([...routes.depth, ...hosts.map(() => 32)]),
    nextHop: Uint32Array.from([...routes.nextHop, ...hosts.map(({ hop }) => hop)]),
  };
}

/** A router that may drop what a router may, and whose errors are right if what they say is. */
function policyOf(ports: readonly Port[], broadcasts: readonly string[]): Policy {
  const mtu = ports.map((port) => port.mtu ?? 1500);
  return {
    ...ANY_ROUTER,
    mayDropAs: {
      ...ANY_ROUTER.mayDropAs,
      martianSources: [...MARTIANS, ...broadcasts],
      martianDestinations: [...MARTIANS, ...broadcasts],
    },
    options: "parse",
    ports: "virtual",
    mtu: mtu.every((one) => one === mtu[0]) ? mtu[0]! : mtu,
    tooLong: "cut",
    originates: {
      addresses: ports.map((port) => numberOf(port.address ?? DUMMY_ADDRESS)),
      isHost: ports.some((port) => port.address !== undefined),
      form: "any",
      icmpBurst: Infinity,
      icmpPerSecond: Infinity,
    },
  };
}

/** First and last address of each network at a port: directed broadcasts (RFC 1812, 5.3.5.2 and 4.2.3.1). */
function broadcasts(routes: RouteSet, nextHops: readonly Hop[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < routes.count; i++) {
    const hop = nextHops[routes.nextHop[i]!];
    if (hop === undefined || hop.address !== undefined || routes.depth[i]! > 30) continue;
    const first = routes.prefix[i]!;
    const last = first + 2 ** (32 - routes.depth[i]!) - 1;
    found.push(`${ipv4ToString(first)}/32`, `${ipv4ToString(last)}/32`);
  }
  return found;
}

function numberOf(text: string): number {
  return text.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}
