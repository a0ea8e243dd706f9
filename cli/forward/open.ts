/** Opens the ports that the command line names, and nothing else. */
import { readCapture, toEthernet } from "../../fixtures/mod.ts";
import type { FramePort } from "../../stacks/external/live/frame_port.ts";
import { closeLibc, openLibc, SystemCallError } from "../../stacks/external/live/libc.ts";
import { type LinkFacts, listLinks, setUp } from "../../stacks/external/live/links.ts";
import { Netlink } from "../../stacks/external/live/netlink.ts";
import { PacketPort } from "../../stacks/external/live/packet_port.ts";
import { TapPort } from "../../stacks/external/live/tap_port.ts";
import { XskPort } from "../../stacks/external/live/xsk_port.ts";
import { readInput, reasonOf } from "../files.ts";
import { CapturePort } from "./capture_port.ts";
import { UserError } from "../user_error.ts";
import type { ForwardOptions, PortOption } from "./options.ts";

const CAPTURE_BYTES_MAX = 2 ** 31 - 1;

/** A port, and its own MAC address. */
export interface OpenPort {
  readonly port: FramePort;
  readonly mac: Uint8Array;
}

/**
 * Opens every port, or none.
 * @throws {UserError} naming the port and what was expected
 */
export function openPorts(options: ForwardOptions): OpenPort[] {
  const open: OpenPort[] = [];
  try {
    options.ports.forEach((port, i) => open.push(openPort(port, i, options)));
    return open;
  } catch (error) {
    for (const { port } of open) port.close();
    if (error instanceof SystemCallError || error instanceof RangeError) {
      throw new UserError(`--port: ${error.message.replace(/^Cannot/, "cannot")}`);
    }
    throw error;
  }
}

function openPort(option: PortOption, i: number, { slots, force }: ForwardOptions): OpenPort {
  if (option.kind === "pcap") return openCapture(option.input, option.output, i);
  const { name } = option;
  if (option.kind === "tap") {
    const port = new TapPort(name);
    const { index, mac } = link(name)!;
    withNetlink((netlink) => setUp(netlink, index));
    return { port, mac };
  }
  const facts = link(name);
  if (facts === undefined) {
    throw new UserError(`--port: expected an interface of this network namespace, got "${name}"`);
  }
  checkLink(facts, force);
  const port = option.kind === "xdp"
    ? new XskPort(facts.index, name)
    : new PacketPort(facts.index, name, { slots });
  return { port, mac: facts.mac };
}

/** @throws {UserError} when the interface is down, or the machine itself is reached by it */
function checkLink({ name, isUp, addresses }: LinkFacts, force: boolean): void {
  if (!isUp) throw new UserError(`--port: expected an interface that is up, got "${name}"`);
  if (addresses.length === 0 || force || isOwnNamespace()) return;
  throw new UserError(
    `--port: expected an interface without an address, or a network namespace of its own, got "${name}" with ` +
      `${addresses.join(", ")} (--force takes it all the same)`,
  );
}

/** Whether this process is in another network namespace than the first of the machine. */
function isOwnNamespace(): boolean {
  try {
    return Deno.readLinkSync("/proc/self/ns/net") !== Deno.readLinkSync("/proc/1/ns/net");
  } catch {
    return false;
  }
}

function link(name: string): LinkFacts | undefined {
  return withNetlink((netlink) => listLinks(netlink).find((one) => one.name === name));
}

function withNetlink<T>(act: (netlink: Netlink) => T): T {
  const netlink = new Netlink(openLibc());
  try {
    return act(netlink);
  } finally {
    netlink.close();
    closeLibc();
  }
}

function openCapture(input: string, output: string, i: number): OpenPort {
  const bytes = readInput(input, "a pcap or pcapng file", CAPTURE_BYTES_MAX);
  const frames = toEthernet(readCapture(input, bytes));
  const port = new CapturePort(input, frames, (capture) => write(output, capture));
  return { port, mac: Uint8Array.of(2, 0, 0, 0, 1, i) };
}

/** Writes a file whole, or not at all. */
function write(path: string, bytes: Uint8Array): void {
  const part = `${path}.part`;
  try {
    Deno.writeFileSync(part, bytes);
    Deno.renameSync(part, path);
  } catch (error) {
    throw new UserError(
      `--port: ${path}: expected a file that can be written, got ${reasonOf(error)}`,
    );
  }
}
