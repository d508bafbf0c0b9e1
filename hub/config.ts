/** Every setting of the hub, with its default and its reason. Read from `hub.yaml`. */
import { isIP } from "node:net";
import { z } from "zod";
import { whyNoArea } from "../shared/access/areas.ts";
import { AreaSettings } from "../shared/api/area.ts";
import { CellId, MAX_MEDIA } from "../shared/ids.ts";
import { IncidentSettings } from "./settings/incidents.ts";
import { isLoopbackUrl, isSafeUrl } from "./settings/safe-url.ts";

const port = z.number().int().min(0).max(65_535);

/** The address people type, as far as the path goes; neither a query nor a name before an `@`. */
function isPublicUrl(text: string): boolean {
  if (!isSafeUrl(text)) return false;
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
    /**
     * Address the console and the API listen on. Loopback: plain HTTP. Any other: HTTPS with the
     * hub's own certificate.
     */
    host: z.string().default("127.0.0.1"),
    /** Port of the console, the API and the event stream; 0: any free one. */
    port: port.default(8110),
    /**
     * The address people type when a reverse proxy stands
     * in front: `https://hub.example`, also with a path.
     */
    publicUrl: z
      .union([
        z.literal("none"),
        z.string().max(200).refine(isPublicUrl, "expected https, or http on loopback"),
      ])
      .default("none"),
    /** Addresses or networks of reverse proxies. `X-Forwarded-For` is believed only from them. */
    trustedProxies: z
      .array(z.string().refine(isNetwork, "expected an address or a network like 10.0.0.0/8"))
      .max(16)
      .default([]),
    /**
     * Origins of other pages whose scripts may use the API with a bearer token:
     * `https://map.example`.
     */
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

/** An existing MQTT broker between the pillars and this hub: docs/external-broker.md. */
const ExternalBroker = z
  .strictObject({
    /** Address of the broker: `mqtts://broker.example:8883`, TLS 1.3. */
    url: z.url({ protocol: /^mqtts$/ }),
    /**
     * Client id of the hub, and the common name in its certificate. It holds a `_`, which no
     * pillar's id can, so that no pillar can take it.
     */
    clientId: z
      .string()
      .regex(/^[a-z0-9-]{1,40}(_[a-z0-9-]{1,40})+$/)
      .default("anzhu_hub"),
    /**
     * PEM file of the authority that signed the broker's certificate; `own`: the hub's authority,
     * which the pillars need.
     */
    ca: z.string().default("own"),
    /**
     * PEM file of the certificate the hub shows; `own`: made and renewed by the hub's authority.
     */
    certificate: z.string().default("own"),
    /** PEM file with the private key of `certificate`; `own` together with it. */
    key: z.string().default("own"),
    /** For a broker that asks for a user name beside the certificate. */
    username: z.string().min(1).max(200).optional(),
    /**
     * Belongs to `username`. Better given in the environment:
     * `ANZHU_HUB__MQTT__EXTERNAL__PASSWORD`.
     */
    password: z.string().min(1).max(1000).optional(),
  })
  .refine(
    ({ certificate, key }) => (certificate === "own") === (key === "own"),
    "expected certificate and key together: two files, or both own",
  );
export type ExternalBroker = z.infer<typeof ExternalBroker>;

/** Of one media process: a connection takes one port for each address. */
export const LEAST_MEDIA_PORTS = 10;
/** A single process works with fewer. */
const needed = (processes: number): number => (processes === 1 ? 1 : processes * LEAST_MEDIA_PORTS);

export const HubConfig = z
  .strictObject({
    /** Folder for journal, keys and recordings. It must survive a reboot. */
    dataDir: z.string(),
    /**
     * Name of the precinct whose pillars this hub serves. It is written into a new journal, and a
     * journal of another name is refused.
     */
    cell: CellId.default("1" as CellId),
    http: Http.prefault({}),
    /** Where pillars connect by MQTT. */
    mqtt: z
      .strictObject({
        /**
         * Address the hub's own broker listens on. Pillars on other machines need one they can reach,
         * for example `0.0.0.0`.
         */
        host: z.string().default("127.0.0.1"),
        /**
         * Port of the hub's own broker: mutual TLS 1.3, client certificates of the hub's authority
         * only; 0: any free one.
         */
        port: port.default(8883),
        /**
         * Names and addresses by which pillars and people reach this hub; they go into its
         * certificate, beside localhost.
         */
        names: z.array(z.string()).max(16).default([]),
        /**
         * Connections of pillars held at once; one more is refused.
         * @unit connections
         */
        maxConnections: z.number().int().min(1).max(100_000).default(12_000),
        /**
         * An existing broker used instead of the hub's own, whose port then stays closed:
         * docs/external-broker.md.
         */
        external: z.union([z.literal("none"), ExternalBroker]).default("none"),
      })
      .prefault({}),
    /**
     * The HTTPS fallback: pillars send alarms here when MQTT is silent, and renew their certificates.
     * Nothing else is served.
     */
    alarms: z
      .strictObject({
        /**
         * Address of the HTTPS fallback. Pillars on other machines
         * need one they can reach, for example `0.0.0.0`.
         */
        host: z.string().default("127.0.0.1"),
        /** Port of the HTTPS fallback: TLS 1.3 with the hub's own certificate; 0: any free one. */
        port: port.default(8884),
      })
      .prefault({}),
    /** Picture and sound between pillars, hub and consoles (WebRTC). */
    media: z
      .strictObject({
        /**
         * Processes that carry picture and sound, each a share of the pillars and of the UDP ports;
         * `auto`: one for each core that has 10 UDP ports. Each takes about 100 MB.
         */
        processes: z
          .union([z.literal("auto"), z.number().int().min(1).max(MAX_MEDIA)])
          .default("auto"),
        /** First and last UDP port for picture and sound. A firewall must let them in. */
        udpPorts: z.tuple([port, port]).default([40_000, 40_999]),
        /**
         * Addresses offered to pillars and consoles, and the only ones bound; one that belongs to a
         * router in front of the hub is offered only. Empty = every external IPv4 address whatever
         * its interface is called (a VPN's `tun0` too), plus loopback when HTTP is on loopback or
         * when there is no external address.
         */
        addresses: z
          .array(z.union([z.ipv4(), z.ipv6()]))
          .max(8)
          .default([]),
        /**
         * Consoles that watch or talk at once, over all incidents; one more is refused.
         * @unit viewers
         */
        maxViewers: z.number().int().min(1).max(1000).default(100),
      })
      .superRefine(({ processes, udpPorts: [first, last] }, context) => {
        const found = `found ${last - first + 1} (${first} to ${last})`;
        if (last < first) {
          context.addIssue({
            code: "custom",
            path: ["udpPorts"],
            message: `expected the first port and then the last, found ${first} and ${last}`,
          });
        } else if (last > 0 && processes !== "auto" && last - first + 1 < needed(processes)) {
          const message = `expected at least ${needed(processes)} UDP ports for ${processes} media processes, ${found}; give more ports or fewer processes`;
          context.addIssue({ code: "custom", path: ["udpPorts"], message });
        }
      })
      .prefault({}),
    /**
     * How long recordings are kept. The oldest are removed first; never those of an open incident, or
     * of one a supervisor has locked.
     */
    recordings: z
      .strictObject({
        /**
         * Recordings are kept for so long after their end.
         * Many places must keep them for at least 90 days.
         */
        keepDays: z.number().min(1).max(3650).default(90),
        /**
         * The oldest recordings are removed earlier when less than this share of their disk is free,
         * and always when less than 1 GiB is.
         */
        leastFreePercent: z.number().min(0).max(90).default(10),
      })
      .prefault({}),
    /** What happens to an incident that nobody answers, and how many there may be. */
    incidents: IncidentSettings.prefault({}),
    /**
     * Districts, the stations in them, and their grids. A person may be given one of them to see and
     * act in; a pillar lies in the one that its grid names and in those around it.
     */
    areas: AreaSettings,
    /** A sign-in ends after so long. The default covers a shift. */
    sessionHours: z.number().min(0.01).max(24).default(12),
    /**
     * Least important log line that is written. `debug` also
     * logs every message and is for finding a fault.
     */
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  })
  .superRefine(({ areas, incidents }, context) => {
    for (const [index, id] of incidents.priority.urgentAreas.entries()) {
      const refusal = whyNoArea(areas, id);
      if (refusal === undefined) continue;
      const path = ["incidents", "priority", "urgentAreas", index];
      context.addIssue({ code: "custom", path, message: refusal });
    }
  });
export type HubConfig = z.infer<typeof HubConfig>;
