/**
 * Every text that an outsider controls contains markup, scripts and direction marks: no script
 * runs, the content security policy is never violated, and no text changes the direction of another
 * or is drawn outside its place.
 *
 * Some texts are really entered (a note, a unit, a name at sign-in, an offer). All of them are also
 * put into the hub's answers on their way to the browser, so that each field is tested even where
 * the hub would refuse such a text today.
 */
import type { Browser, Page } from "playwright-core";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findings } from "../kit/browser/axe.ts";
import { openBrowser } from "../kit/browser/chromium.ts";
import { postJson, startDemo, type Demo } from "../kit/programs/demo.ts";
import { openOperatorDesk, type OperatorDesk } from "../kit/browser/operator-desk.ts";

const POLYGLOTS = [
  "<img data-xss src=x onerror=alert(1)>",
  '"><svg data-xss onload=alert(1)>',
  "'><script data-xss>alert(1)</script>",
  "javascript:alert(1)//</title><b data-xss>",
  "{{constructor.constructor('alert(1)')()}}",
  "</textarea><iframe data-xss srcdoc='<script>alert(1)</script>'>",
  "\u202Egnp.exe\u2066<a data-xss href=javascript:alert(1)>x",
  "${alert(1)}<style data-xss>*{display:none}</style>",
  "@:{'alert'} {0} | %s <math data-xss><mtext>",
];
const LONG = "长word".repeat(400);
const FIELDS = new Set(
  "name displayName pillarName ownerName byName note text grid address unit reason release from".split(
    " ",
  ),
);

let demo: Demo;
let browser: Browser;
let watching: OperatorDesk;
let admin: OperatorDesk;
const alarms: string[] = [];

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  watching = await openOperatorDesk(browser, demo.httpUrl, "supervisor");
  admin = await openOperatorDesk(browser, demo.httpUrl, "admin");
  for (const { page } of [watching, admin]) await guard(page);
  await postJson(`${demo.controlUrl}/pillars/demo-001/press`, { kind: "voice", holdMs: 200 });
  await watching.page.getByTestId("queue-row").waitFor();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

async function guard(page: Page): Promise<void> {
  page.on("dialog", (dialog) => {
    alarms.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.exposeFunction("tellViolation", (what: string) => void alarms.push(what));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const tell = (globalThis as unknown as { tellViolation(what: string): void }).tellViolation;
      tell(`policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
}

/** Replaces every text in the hub's answers; each field gets a different attack text. */
async function poison(page: Page): Promise<void> {
  let at = 0;
  const poisoned = (value: unknown, field = ""): unknown => {
    if (Array.isArray(value)) return value.map((one) => poisoned(one));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, poisoned(one, key)]),
      );
    }
    if (!FIELDS.has(field) || (value !== null && typeof value !== "string")) return value;
    at += 1;
    const text = POLYGLOTS[at % POLYGLOTS.length] ?? "";
    if (field === "grid") return text.slice(0, 40);
    const isBounded = field === "name" || field === "address" || field === "release";
    return isBounded || at % 3 > 0 ? text : `${text} ${LONG}`.slice(0, 1900);
  };
  await page.route(
    /\/api\/v1\/(?:incidents|pillars|audit|accounts|operators)(?:[/?]|$)/,
    async (route) => {
      if (route.request().method() !== "GET") return await route.continue();
      const response = await route.fetch();
      const type = response.headers()["content-type"] ?? "";
      if (!response.ok() || !type.includes("json")) return await route.fulfill({ response });
      return await route.fulfill({ response, json: poisoned(await response.json()) });
    },
  );
}

async function post(page: Page, path: string, body: object, headers = {}): Promise<number> {
  return await page.evaluate(
    async ({ path, body, headers }) => {
      const init = { "content-type": "application/json", ...headers };
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return (await fetch(`/api/v1${path}`, { method: "POST", headers: init, body: text })).status;
    },
    { path, body, headers },
  );
}

async function inspect(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({
    made: [...document.querySelectorAll("[data-xss]")].map((one) => one.outerHTML),
    marks: /[\u202A-\u202E\u2066-\u2069]/.exec(
      [...document.querySelectorAll("bdi")].map((one) => one.textContent).join("\n"),
    ),
    isWide: document.body.scrollWidth > innerWidth,
    // A text must not be drawn beyond the right edge of the window.
    cut: [...document.querySelectorAll("bdi.user-text")]
      .filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width > 0 && box.right > innerWidth + 1;
      })
      .map((one) => one.parentElement?.className),
  }));
  expect(found).toEqual({ made: [], marks: null, isWide: false, cut: [] });
  expect(alarms).toEqual([]);
}

test("text from outside is never run as code, on its whole way", { timeout: 120_000 }, async () => {
  const { page } = watching;
  const id = (await page.getByTestId("queue-row").first().getAttribute("data-incident-id")) ?? "";
  expect(await post(page, `/incidents/${id}/answer`, {})).toBe(200);
  for (const text of [...POLYGLOTS, LONG]) {
    expect(await post(page, `/incidents/${id}/note`, { text })).toBe(200);
    const unit = await post(page, `/incidents/${id}/dispatch`, { unit: text.slice(0, 60) });
    expect(unit).toBe(200);
    await post(page, "/sessions", { username: text.slice(0, 32), password: text });
    const offer = `v=0\r\ns=${text}\r\na=${text}\r\n`;
    await post(page, `/incidents/${id}/whep`, offer as unknown as object, {
      "content-type": "application/sdp",
      "x-name": encodeURIComponent(text),
    });
    await fetch(`${demo.httpUrl}/api/v1/${encodeURIComponent(text)}`, {
      headers: { "user-agent": text.replaceAll(/[^\u0020-\u007E]/g, "") },
    });
  }
  await page.goto(`${demo.httpUrl}/desk?incident=${id}`);
  await page.getByTestId("timeline").first().waitFor();
  await inspect(page);
  await page.goto(`${demo.httpUrl}/archive/${id}`);
  await page.getByTestId("incident-detail").waitFor();
  await expect.poll(() => page.getByTestId("timeline").innerText()).toContain("onerror=alert(1)");
  await inspect(page);
  await page.goto(`${demo.httpUrl}/audit`);
  await expect.poll(() => page.getByTestId("audit-list").innerText()).toContain("‹U+202E›");
  await inspect(page);
});

const LOOKS = [
  { language: "zh-CN", theme: "dark", width: 1920, height: 1080 },
  { language: "en", theme: "light", width: 1366, height: 768 },
] as const;

describe.each(LOOKS)("in $language, $theme, at $width", (look) => {
  test.each([
    ["/desk", "queue-row", "watching"],
    ["/archive", "archive-list", "watching"],
    ["/fleet", "fleet-table", "watching"],
    ["/audit", "audit-list", "watching"],
    ["/people", "people-list", "admin"],
  ] as const)("%s shows any text and runs none", { timeout: 60_000 }, async (path, testId, who) => {
    const { page } = who === "admin" ? admin : watching;
    await dress(page, look);
    await page.unrouteAll({ behavior: "wait" });
    await poison(page);
    await page.goto(demo.httpUrl + path);
    await page.getByTestId(testId).first().waitFor();
    await expect
      .poll(() => page.locator("bdi", { hasText: "alert(1)" }).count())
      .toBeGreaterThan(0);
    await inspect(page);
    await shoot(
      page,
      `hostile${path.replace("/", "-")}-${look.language}-${look.theme}-${look.width}`,
    );
    await page.unrouteAll({ behavior: "wait" });
  });
});

describe.each([...LOOKS, { language: "zh-CN", theme: "light", width: 390, height: 844 }] as const)(
  "as it is, in $language, $theme, at $width",
  (look) => {
    test.each([
      ["/audit", "audit-list"],
      ["/people", "people-list"],
    ] as const)("%s has no serious finding and fits", { timeout: 60_000 }, async (path, testId) => {
      const { page } = admin;
      await page.unrouteAll({ behavior: "wait" });
      await dress(page, look);
      await page.goto(demo.httpUrl + path);
      await page.getByTestId(testId).waitFor();
      expect(await findings(page)).toEqual([]);
      const isWide = await page
        .locator("#main")
        .evaluate(
          (main) =>
            main.scrollWidth > innerWidth || main.getBoundingClientRect().right > innerWidth + 1,
        );
      expect(isWide).toBe(false);
      await shoot(
        page,
        `plain${path.replace("/", "-")}-${look.language}-${look.theme}-${look.width}`,
      );
    });
  },
);

test(
  "an administrator makes a person by keyboard alone, and disables them",
  { timeout: 60_000 },
  async () => {
    const { page } = admin;
    await dress(page, LOOKS[0]);
    await page.goto(`${demo.httpUrl}/people`);
    await page.getByTestId("person-add").focus();
    await page.keyboard.press("Enter");
    await page.getByTestId("person-username").fill("wangfang");
    await page.getByTestId("person-name").fill("王芳");
    await page.getByTestId("person-password").fill("password123");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").first().waitFor();
    await page.getByTestId("person-password").fill("a lamp in the rain");
    await page.keyboard.press("Enter");
    const row = page.locator("[data-username=wangfang]");
    await row.waitFor();
    await row.getByTestId("person-toggle").focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => row.innerText()).toContain("已停用");
  },
);

/** Saves screenshots for a person to look at, if a directory is given. */
async function shoot(page: Page, name: string): Promise<void> {
  const dir = process.env["ANZHU_PICTURES"];
  if (dir === undefined) return;
  mkdirSync(dir, { recursive: true });
  await page.screenshot({ path: join(dir, `${name}.png`) });
}

async function dress(
  page: Page,
  look: { language: string; theme: string; width: number; height: number },
): Promise<void> {
  await page.setViewportSize({ width: look.width, height: look.height });
  await page.evaluate(({ language, theme }) => {
    const chosen = JSON.parse(localStorage.getItem("anzhu.choices") ?? "{}") as object;
    localStorage.setItem("anzhu.choices", JSON.stringify({ ...chosen, language, theme }));
  }, look);
}
