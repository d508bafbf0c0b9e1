/** The protocol's version: in every topic and in every payload. */
import { z } from "zod";

export const PROTOCOL_VERSION = 1;
export const Version = z.literal(PROTOCOL_VERSION);
