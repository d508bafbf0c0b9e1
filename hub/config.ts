/** Every setting of the hub, with its default and its reason. Read from `hub.yaml`. */
import { isIP } from "node:net";
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
  const { protocol } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && isLoopbackUrl(text));
}

const isLoopbackUrl = (url: string): boolean =>
  ["127.0.0.1", "[::1]", "localhost"].includes(new URL(url).hostname);

/** The address people type, as far as the path goes; neither a query nor a name before an `@`. */
function isPublicUrl(text: string): boolean {
  if (!isSafeWebhook(text)) return false;
  const { username, password, search, hash, pathname } = new URL(text);
  return username + password + search + hash === "" && /^[\w./~-]*$/.test(pathname);
}

/** `https://map.example`, exactly as a browser writes it. */
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

/** `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`. */
function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  );
}

/** The console and the interface for programs: docs/reverse-proxy.md. */
const Http = z
  .strictObject({
    /** Loopback: plain HTTP. Anything else: HTTPS with the hub's own certificate. */
    host: z.string().default("127.0.0.1"),
    /** Of console, API and event stream; 0: any free one. */
    port: port.default(8110),
    /** The address people type when a reverse proxy stands in front: `https://hub.example`, also with a path. */
    publicUrl: z
      .union([
        z.literal("none"),
        z.string().max(200).refine(isPublicUrl, "expected https, or http on loopback"),
      ])
      .default("none"),
    /** Addresses or networks of reverse proxies: only theirs `X-Forwarded-For` is believed. */
    trustedProxies: z
      .array(z.string().refine(isNetwork, "expected an address or a network like 10.0.0.0/8"))
      .max(16)
      .default([]),
    /** Origins of other pages whose scripts may use the API with a bearer token: `https://map.example`. */
    corsOrigins: z
      .array(z.string().max(200).refine(isOrigin, "expected an origin like https://map.example"))
      .max(16)
      .default([]),
  })
  .refine(
    ({ publicUrl, trustedProxies }) => publicUrl !== "none" || trustedProxies.length === 0,
    "expected publicUrl together with trustedProxies: the address people type",
  )
  .refine(
    ({ host, publicUrl, trustedProxies }) =>
      publicUrl === "none" ||
      trustedProxies.length > 0 ||
      isLoopbackUrl(publicUrl) ||
      !["127.0.0.1", "::1", "localhost"].includes(host),
    "expected trustedProxies together with publicUrl: without it all people share one address",
  );

/** Somebody else's MQTT broker between the pillars and this hub: docs/external-broker.md. */
const ExternalBroker = z
  .strictObject({
    /** `mqtts://broker.example:8883`; TLS 1.3. */
    url: z.url({ protocol: /^mqtts$/ }),
    /** Client id, and the common name the access list knows. With `_`, which no pillar can have and every broker takes. */
    clientId: z
      .string()
      .regex(/^[a-z0-9-]{1,40}(_[a-z0-9-]{1,40})+$/)
      .default("anzhu_hub"),
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
  http: Http.prefault({}),
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
      /**
       * Addresses offered to pillars and consoles, and the only ones bound; one that belongs to a router in front
       * of the hub is offered only. Empty = every external IPv4 address whatever its interface is called
       * (a VPN's `tun0` too), plus loopback when HTTP is on loopback.
       */
      addresses: z
        .array(z.union([z.ipv4(), z.ipv6()]))
        .max(8)
        .default([]),
      maxViewers: z.number().int().min(1).max(1000).default(100),
    })
    .prefault({}),
  /** The oldest recordings go first; never those of an open incident, or of one a supervisor has locked. */
  recordings: z
    .strictObject({
      /** Kept for so many days after their end. Many places must keep them for at least 90. */
      keepDays: z.number().min(1).max(3650).default(90),
      /** The oldest go earlier when less than this share of their disk is free; and always below 1 GiB. */
      leastFreePercent: z.number().min(0).max(90).default(10),
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
