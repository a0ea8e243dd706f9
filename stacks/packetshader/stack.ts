/**
 * PacketShader: a software router on a user-level packet I/O engine, whose look-ups run on a GPU. The engine is a
 * driver with a huge packet buffer and calls by chunks; workers do I/O and headers, a master on each node has the GPU.
 */
import type { Context } from "../../core/host/context.ts";
import { processCosts } from "../../core/host/process.ts";
import type { Policy } from "../../core/policy.ts";
import {
  type Cpu,
  type Dataplane,
  type Env,
  type Finding,
  type ReportRow,
  type Stack,
  STRICT,
} from "../../core/stack.ts";
import type { AppFactory } from "./app.ts";
import { EchoFactory } from "./app_echo.ts";
import { Ipv4Factory } from "./app_ipv4.ts";
import { Ipv6Factory } from "./app_ipv6.ts";
import { IpsecFactory } from "./app_ipsec.ts";
import { OpenFlowFactory } from "./app_openflow.ts";
import { PACKETSHADER_INVARIANTS } from "./invariants.ts";
import { type PacketShaderOptions, type PsSettings, settingsOf } from "./options.ts";
import { psReport } from "./report.ts";
import { Engine } from "./engine.ts";

/**
 * What PacketShader declares: RFC 1812, loss at the NIC alone. What a full transmit ring refuses holds its worker up,
 * so that the excess of an overload is lost before any work was done for it.
 *
 * @example
 * ```ts
 * import { packetshader, PACKETSHADER_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(packetshader().policy, PACKETSHADER_POLICY);
 * assertEquals(PACKETSHADER_POLICY.congestion, ["rx-missed"]);
 * ```
 */
export const PACKETSHADER_POLICY: Policy = { ...STRICT, congestion: ["rx-missed"] };

/**
 * PacketShader.
 *
 * @throws {RangeError} when a knob is out of range
 * @throws {TypeError} when a choice is unknown
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { packetshader } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const device = new Testbed(packetshader({ offload: "gpu", firstBits: 16 }), machineProfile(paperHost));
 * const seen = device.run(build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * }));
 * assertEquals([seen.outCount, seen.outPort[0]], [1, 1]);
 * assertEquals(device.report().find(({ name }) => name === "gpu0 launches")!.value, 1);
 * assertThrows(() => packetshader({ chunk: 0 }), RangeError, "chunk 0");
 * ```
 */
export function packetshader(options: PacketShaderOptions = {}): Stack {
  const settings = settingsOf(options);
  const factory = factoryOf(settings);
  const stack = (env: Env): Dataplane => new PacketShader(env, settings, factory);
  return Object.assign(stack, {
    policy: policyOf(settings),
    invariants: PACKETSHADER_INVARIANTS,
  });
}

function policyOf({ app, sendRetry, echo }: PsSettings): Policy {
  const base: Policy = sendRetry
    ? PACKETSHADER_POLICY
    : { ...PACKETSHADER_POLICY, congestion: ["rx-missed", "tx-full"] };
  if (app !== "echo") return base;
  return {
    ...base,
    topology: echo === "sink" ? "sink" : "loop",
    macs: echo === "swap" ? "swap" : "keep",
  };
}

function factoryOf({ app, firstBits, routes6, flows, tunnel, echo }: PsSettings): AppFactory {
  switch (app) {
    case "ipv4":
      return new Ipv4Factory(firstBits);
    case "ipv6":
      return new Ipv6Factory(routes6);
    case "openflow":
      return new OpenFlowFactory(flows);
    case "ipsec":
      return new IpsecFactory(tunnel!);
    case "echo":
      return new EchoFactory(echo);
  }
}

class PacketShader implements Dataplane {
  readonly name: string;
  readonly #engine: Engine;

  constructor(env: Env, settings: PsSettings, factory: AppFactory) {
    this.name = `packetshader ${settings.app} (${settings.offload})`;
    this.#engine = new Engine(env, settings, factory, processCosts(env));
  }

  interrupt(cpu: Cpu, vector: number): void {
    this.#engine.interrupt(cpu as Context, vector);
  }

  report(): ReportRow[] {
    return psReport(this.#engine);
  }

  audit(): readonly Finding[] {
    return this.#engine.audit.close(this.#engine.held);
  }
}
