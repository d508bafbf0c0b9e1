/** Every setting of the hub, with its default and its reason. Read from `hub.yaml`. */
import { z } from "zod";

const port = z.number().int().min(0).max(65_535);
const seconds = (least: number, most: number): z.ZodNumber => z.number().min(least).max(most);

export const HubConfig = z.strictObject({
  /** Journal, keys, recordings. Must survive a reboot. */
  dataDir: z.string(),
  http: z
    .strictObject({
      /** Loopback: plain HTTP. Anything else: HTTPS with the hub's own certificate. */
      host: z.string().default("127.0.0.1"),
      port: port.default(8110),
    })
    .prefault({}),
  mqtt: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      /** Mutual TLS 1.3. */
      port: port.default(8883),
      /** Names and addresses in the server certificate, beside localhost. */
      names: z.array(z.string()).max(16).default([]),
      /** Connections held at once. */
      maxConnections: z.number().int().min(1).max(100_000).default(12_000),
    })
    .prefault({}),
  media: z
    .strictObject({
      udpPorts: z.tuple([port, port]).default([40_000, 40_999]),
      /** Host candidates; empty = every external address, plus loopback when HTTP is on loopback. */
      addresses: z.array(z.string()).max(16).default([]),
      maxViewers: z.number().int().min(1).max(1000).default(100),
    })
    .prefault({}),
  incidents: z
    .strictObject({
      /** Nobody has acknowledged: the next step rings. */
      acknowledgeWithinSeconds: seconds(3, 120).default(10),
      maxOpen: z.number().int().min(10).max(100_000).default(10_000),
    })
    .prefault({}),
  /** Long enough for a shift. */
  sessionHours: z.number().min(0.01).max(24).default(12),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
export type HubConfig = z.infer<typeof HubConfig>;
