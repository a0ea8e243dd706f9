/**
 * Somebody's own router between interfaces that somebody names: a kernel, a program, a box at the end of cables. What
 * it is set up for is told, and not changed; frames go out of the interfaces and come in by them, and ARP is answered
 * for the next hops. No other interface is touched.
 */
import { ScenarioError } from "../../../core/machine/check.ts";
import type { Neighbours, RouteSet } from "../../../core/machine/scenario.ts";
import type { Policy } from "../../../core/policy.ts";
import { ArpAnswers } from "./arp_answers.ts";
import { Exchange } from "./exchange.ts";
import { openGivenPort } from "./given.ts";
import { closeLibc, openLibc } from "./libc.ts";
import { type LiveDevice, liveDevice } from "./live_device.ts";
import type { PacketPort } from "./packet_port.ts";
import { pinThread } from "./pinned.ts";
import { TableFences } from "./table_fences.ts";

/** A router that somebody set up, and what for. */
export interface GivenSetup {
  /** Name of the interface that leads to each of its ports. */
  readonly interfaces: readonly string[];
  /** Its routes. */
  readonly routes: RouteSet;
  /** Its next hops, and its own MAC addresses. */
  readonly neighbours: Neighbours;
  /** IPv4 address of each next hop, for which ARP is answered; null: of whatever the routes say is behind it. */
  readonly hopAddresses: readonly (number | null)[];
  /** What it declares. */
  readonly policy: Policy;
  /** Whether interfaces may be used that carry an address; false. */
  readonly addressed?: boolean;
}

/**
 * The router as a device under test. It lasts until it is closed, and stays as it is.
 *
 * @throws {RangeError} as an interface cannot be used
 * @throws {SystemCallError} naming the permission that is missing
 * @throws {FenceLost} when a packet that it should forward does not come out
 */
export function givenDevice(setup: GivenSetup): LiveDevice {
  const { interfaces, routes, neighbours, policy, addressed = false } = setup;
  const ports: PacketPort[] = [];
  const unpin = pinned();
  const close = () => {
    for (const port of ports) port.close();
    unpin();
  };
  try {
    for (const name of interfaces) ports.push(openGivenPort(name, { addressed, drops: true }));
    const arp = new ArpAnswers(setup);
    const exchange: Exchange = new Exchange(ports, false, (port, bytes, at, length) => {
      const answer = arp.answer(port, bytes, at, length);
      if (answer === null) return false;
      if (answer.length > 0 && ports[port]!.transmit(answer, 0, answer.length)) {
        ports[port]!.flush();
        exchange.unsettled = true;
      }
      return true;
    });
    interfaces.forEach((_, p) => exchange.setMtu(p, mtuOf(policy, p)));
    const fences = new TableFences(setup);
    // every next hop is asked for by ARP now, and not while packets wait for it
    fences.tryAll((ingress, hop) =>
      exchange.tryFence(ingress, neighbours.port[hop]!, () => fences.frame(ingress, hop))
    );
    const device = liveDevice({ ports: ports.length, exchange, close }, {
      name: `ports:${interfaces.join(",")}`,
      policy,
      ignoresGroups: true,
      configure(scenario) {
        if (!isSame(scenario.routes, routes) || !isSame(scenario.neighbours, neighbours)) {
          throw new ScenarioError(
            "expected the routes and neighbours that the device is set up for",
          );
        }
        return false;
      },
      fence: (ingress, egress) => fences.between(ingress, egress),
    });
    return { ...device, setup: { ports: ports.length, routes, neighbours } };
  } catch (error) {
    close();
    throw error;
  }
}

function mtuOf({ mtu = 1500 }: Policy, port: number): number {
  return typeof mtu === "number" ? mtu : mtu[port] ?? 1500;
}

function pinned(): () => void {
  const unpin = pinThread(openLibc());
  return () => {
    unpin();
    closeLibc();
  };
}

/** Whether two tables hold the same, next hops that are no neighbours too. */
export function isSame<T extends RouteSet | Neighbours>(one: T, other: T): boolean {
  return one === other ||
    holdSame(new Map(Object.entries(one)), new Map(Object.entries(other)));
}

function holdSame(a: unknown, b: unknown): boolean {
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, value]) => holdSame(value, b.get(key)));
  }
  if (!isList(a) || !isList(b)) return a === b;
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function isList(value: unknown): value is Uint8Array | readonly number[] {
  return ArrayBuffer.isView(value) || Array.isArray(value);
}
