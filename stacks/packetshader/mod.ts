/** PacketShader: huge packet buffer, chunks, workers and masters, look-ups on a GPU. */
export { packetshader, PACKETSHADER_POLICY } from "./stack.ts";
export type { PacketShaderOptions, PsApp, PsRouteCommand } from "./options.ts";
export { type PsCrossover, psCrossover } from "./crossover.ts";
export type { PsTunnel } from "./app_ipsec.ts";
export type { FlowMatch, PsFlow } from "./flow.ts";
export { LengthSearchWords, type Route6 } from "./length_search.ts";
export { PACKETSHADER_VIEWS, type PacketShaderView, packetshaderView } from "./views.ts";
export { Dir24_8Words, type PsRoute } from "./dir24_8_words.ts";
export type { DeviceTable } from "./kernel.ts";
export { LookupShader } from "./shader/shader.ts";
