/** `openapi.yaml`: the HTTP interface as a hub with the default settings describes it. */
import { pino } from "pino";
import { stringify } from "yaml";
import { HubConfig } from "../../hub/config.ts";
import { buildApi, type ApiOptions } from "../../hub/api/server.ts";

/** The interface is built and asked for its description; nothing listens and no request is made. */
export async function openApi(): Promise<string> {
  const nobody = { subscribe: () => () => undefined };
  const app = await buildApi({
    config: HubConfig.parse({ dataDir: "/var/lib/anzhu" }),
    log: pino({ level: "silent" }),
    hub: nobody,
  } as unknown as ApiOptions);
  const { body } = await app.inject({ url: "/api/v1/openapi.json" });
  await app.close();
  const note = "# Made by `npm run docs` from the routes; change those, not this.\n";
  return note + stringify(JSON.parse(body), { aliasDuplicateObjects: false });
}
