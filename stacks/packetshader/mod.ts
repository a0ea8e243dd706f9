/** PacketShader: huge packet buffer, chunks, workers and masters, look-ups on a GPU. */
export { packetshader, PACKETSHADER_POLICY } from "./stack.ts";
export type { PacketShaderOptions, PsApp, PsRouteCommand } from "./options.ts";
export { type PsCrossover, psCrossover } from "./crossover.ts";
export type { PsTunnel } from "./app_ipsec.ts";
export type { FlowMatch, PsFlow } from "./flow.ts";
export type { Route6 } from "./length_search.ts";
export { PACKETSHADER_VIEWS, type PacketShaderView, packetshaderView } from "./views.ts";
