import { register } from "./register.ts";
import { rings } from "./rings.ts";

register(rings());
