/** The sockets of an application: which devices and channels each is bound to, its filters, and where its process runs. */
import type { Env } from "../../core/stack.ts";
import { BpfFilter } from "./bpf.ts";
import type { ModuleCosts } from "./module_costs.ts";
import type { ApplicationSettings, PfRingSettings } from "./settings.ts";
import { PfRingSocket } from "./socket.ts";
import type { RingMemories } from "./ring_memories.ts";

/** Sockets of a machine at most (MAX_NUM_RX_CHANNELS bits of the channel mask; MAX_NUM_RING_SOCKETS). */
const SOCKETS_MAX = 512;
/** All channels. */
const ANY_CHANNEL = 0xffff_ffff;

/** A socket and the lcore of its process. */
export interface OpenedSocket {
  readonly socket: PfRingSocket;
  readonly lcore: number;
}

interface Binding {
  readonly name: string;
  readonly ports: readonly number[];
  readonly channelMask: number;
  readonly lcore: number;
}

/**
 * Opens an application's sockets.
 * @param carries whether it decides what becomes of packets
 * @throws {RangeError} when it would be more than the module has
 */
export function openSockets(
  env: Env,
  costs: ModuleCosts,
  settings: PfRingSettings,
  app: ApplicationSettings,
  carries: boolean,
  memories: RingMemories,
  index: number,
): OpenedSocket[] {
  const bindings = bindingsOf(env, app);
  if (bindings.length > SOCKETS_MAX) {
    throw new RangeError(`Cannot open ${bindings.length} sockets: the module has ${SOCKETS_MAX}`);
  }
  return bindings.map(({ name, ports, channelMask, lcore }) => {
    const oneQueue = env.lcores === 1 || app.open === "channel";
    const locked = settings.forceRingLock || !oneQueue || app.open === "cluster" ||
      (settings.enableTxCapture && app.direction === "rx-and-tx");
    const { direction, caplen, longHeader, watermark, watermarkTimeoutMs, pollDurationMs } = app;
    const socket = new PfRingSocket(env, costs, {
      ...{ name: `${name}.${index}`, ports, channelMask, direction, longHeader },
      ...{ watermark, watermarkTimeoutMs, pollDurationMs, locked, carries },
      minNumSlots: settings.minNumSlots,
      bucketLen: caplen,
    }, memories);
    setFilters(socket, app, ports, env.hardware.nics.length);
    return { socket, lcore };
  });
}

function bindingsOf(env: Env, { open, processes }: ApplicationSettings): Binding[] {
  const all = env.hardware.nics.map(({ port }) => port);
  const { lcores } = env;
  if (open === "cluster") {
    return Array.from({ length: processes }, (_, i) => ({
      name: `${100 + i}-${all.map((port) => `eth${port}`).join(",")}`,
      ports: all,
      channelMask: ANY_CHANNEL,
      lcore: i % lcores,
    }));
  }
  if (open === "device") {
    return all.map((port) => ({
      name: `${100 + port}-eth${port}`,
      ports: [port],
      channelMask: ANY_CHANNEL,
      lcore: port % lcores,
    }));
  }
  return all.flatMap((port) =>
    Array.from({ length: lcores }, (_, queue) => ({
      name: `${100 + port * lcores + queue}-eth${port}@${queue}`,
      ports: [port],
      channelMask: 1 << queue,
      lcore: queue,
    }))
  );
}

function setFilters(
  socket: PfRingSocket,
  app: ApplicationSettings,
  ports: readonly number[],
  portCount: number,
): void {
  const { filters } = socket;
  socket.vlanId = app.vlanId;
  filters.samplingRate = app.samplingRate;
  socket.ring.info.kernel.sampleRate = app.samplingRate;
  filters.acceptByDefault = app.acceptByDefault;
  if (app.bpf !== null) filters.bpf = new BpfFilter(app.bpf);
  for (const rule of app.hashRules) filters.addHashRule(rule);
  for (const rule of app.wildcardRules) filters.addWildcardRule(rule);
  if (app.application !== "reflector") return;
  // ports 2k and 2k + 1 mirror each other; an odd last one mirrors itself
  const [port] = ports;
  const partner = port! ^ 1;
  filters.addWildcardRule(
    partner < portCount
      ? { ruleId: 0, action: "reflect", reflector: partner }
      : { ruleId: 0, action: "bounce" },
  );
}
