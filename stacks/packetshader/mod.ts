/** PacketShader: huge packet buffer, chunks, workers and masters, look-ups on a GPU. */
export { packetshader, PACKETSHADER_POLICY } from "./stack.ts";
export type { PacketShaderOptions, PsApp, PsRouteCommand } from "./options.ts";
export type { Route6 } from "./length_search.ts";
