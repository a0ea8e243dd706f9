/**
 * Ports on interfaces that somebody gave by name, as against those of a bench. Nothing of such an interface is
 * changed: no address, no flag, no queue; only a socket is opened on it. One that carries an address is somebody's way
 * to somewhere, and is refused unless the caller says that it is meant; in a network namespace other than that of
 * process 1 it harms nobody.
 */
import { closeLibc, openLibc } from "./libc.ts";
import { type LinkFacts, listLinks } from "./links.ts";
import { Netlink } from "./netlink.ts";
import { PacketPort, type PacketPortOptions } from "./packet_port.ts";

/** How a port is opened. */
export interface GivenPortOptions extends PacketPortOptions {
  /** Whether an interface that carries an address may be used; false. */
  readonly addressed?: boolean;
}

/**
 * An interface of the namespace of this process that a port may be opened on.
 * @throws {RangeError} when there is none of that name, it is down, or it carries an address that was not expected
 */
export function givenLink(name: string, addressed = false): LinkFacts {
  const links = linksHere();
  const link = links.find((one) => one.name === name);
  if (link === undefined) {
    const names = links.map((one) => one.name).join(", ");
    throw new RangeError(`Cannot open a port on ${name}: expected one of ${names}`);
  }
  if (!link.isUp) throw new RangeError(`Cannot open a port on ${name}: it is down`);
  if (link.addresses.length > 0 && !addressed && isInitialNamespace()) {
    throw new RangeError(
      `Cannot open a port on ${name}: it carries ${link.addresses.join(", ")}; take it all the ` +
        "same (--force), or use an interface without an address or a network namespace",
    );
  }
  return link;
}

/**
 * Opens a port on an interface of the namespace of this process.
 *
 * @throws {RangeError} as {@link givenLink}
 * @throws {SystemCallError} without CAP_NET_RAW
 */
export function openGivenPort(name: string, options: GivenPortOptions = {}): PacketPort {
  const { addressed, ...rest } = options;
  return new PacketPort(givenLink(name, addressed).index, name, rest);
}

/** The interfaces of the namespace of this process. */
export function linksHere(): LinkFacts[] {
  const libc = openLibc();
  const netlink = new Netlink(libc);
  try {
    return listLinks(netlink);
  } finally {
    netlink.close();
    closeLibc();
  }
}

/** Whether this is the network namespace of process 1; true where that cannot be told. */
function isInitialNamespace(): boolean {
  try {
    return Deno.readLinkSync("/proc/thread-self/ns/net") === Deno.readLinkSync("/proc/1/ns/net");
  } catch {
    return true;
  }
}
