/** Every setting of the hub, with its default and its reason. Read from `hub.yaml`. */
import { z } from "zod";

const port = z.number().int().min(0).max(65_535);
const seconds = (least: number, most: number): z.ZodNumber => z.number().min(least).max(most);

/** Somebody outside who is called by a signed POST (standardwebhooks.com). */
const Webhook = z.strictObject({
  /** HTTPS, or plain HTTP on loopback. */
  url: z.url().refine(isSafeWebhook, "expected https, or http on loopback"),
  /** `whsec_` and 24 to 64 bytes in base64, shared with the receiver. */
  secret: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, "expected whsec_ and 24 to 64 bytes in base64"),
});
export type Webhook = z.infer<typeof Webhook>;

function isSafeWebhook(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const isLoopback = ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
  return protocol === "https:" || (protocol === "http:" && isLoopback);
}

/** Somebody else's MQTT broker between the pillars and this hub: docs/external-broker.md. */
const ExternalBroker = z
  .strictObject({
    /** `mqtts://broker.example:8883`; TLS 1.3. */
    url: z.url({ protocol: /^mqtts$/ }),
    /** Client id, and the common name the access list knows. With a dot, which no pillar can have. */
    clientId: z
      .string()
      .regex(/^[a-z0-9-]{1,40}(\.[a-z0-9-]{1,40})+$/)
      .default("anzhu.hub"),
    /** PEM file of who vouches for the broker; `own`: the hub's authority, as the pillars need it. */
    ca: z.string().default("own"),
    /** PEM file the hub shows, with its `key`; `own`: made and renewed by the hub's authority. */
    certificate: z.string().default("own"),
    /** PEM file; `own` as the certificate. */
    key: z.string().default("own"),
    /** For a broker that wants one beside the certificate. */
    username: z.string().min(1).max(200).optional(),
    /** Better given as `ANZHU_HUB__MQTT__EXTERNAL__PASSWORD`. */
    password: z.string().min(1).max(1000).optional(),
  })
  .refine(
    ({ certificate, key }) => (certificate === "own") === (key === "own"),
    "expected certificate and key together: two files, or both own",
  );
export type ExternalBroker = z.infer<typeof ExternalBroker>;

/** Counted from the first ring; each step comes when nobody has taken the incident. */
const Escalation = z
  .strictObject({
    desksAfterSeconds: seconds(3, 120).default(10),
    supervisorAfterSeconds: seconds(4, 600).default(20),
    externalAfterSeconds: seconds(5, 3600).default(40),
    /** Several: each is tried when the one before fails. Without one there is no last step. */
    webhook: z.union([z.literal("none"), Webhook, z.array(Webhook).min(1).max(4)]).default("none"),
  })
  .refine(
    ({ desksAfterSeconds, supervisorAfterSeconds, externalAfterSeconds }) =>
      desksAfterSeconds < supervisorAfterSeconds && supervisorAfterSeconds < externalAfterSeconds,
    "expected desksAfterSeconds < supervisorAfterSeconds < externalAfterSeconds",
  );

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
      /** Instead of the hub's own broker, whose port then stays closed. */
      external: z.union([z.literal("none"), ExternalBroker]).default("none"),
    })
    .prefault({}),
  /** The pillars' second way in: HTTPS, for alarms and the next certificate, and nothing else. */
  alarms: z
    .strictObject({
      /** The address the street reaches. */
      host: z.string().default("127.0.0.1"),
      /** TLS 1.3 with the hub's own certificate; 0: any free one. */
      port: port.default(8884),
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
      escalation: Escalation.prefault({}),
      maxOpen: z.number().int().min(10).max(100_000).default(10_000),
    })
    .prefault({}),
  /** Long enough for a shift. */
  sessionHours: z.number().min(0.01).max(24).default(12),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
export type HubConfig = z.infer<typeof HubConfig>;
