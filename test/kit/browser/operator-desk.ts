/** An operator at the console: signs in and waits for what a person would wait for. */
import type { Browser, Page } from "playwright-core";
import { listen } from "./remote-sound.ts";

export interface OperatorDesk {
  readonly page: Page;
  /** What the browser complained of: content security policy, exceptions, failed loads. */
  readonly complaints: readonly string[];
}

export async function openOperatorDesk(
  browser: Browser,
  url: string,
  username = "operator",
): Promise<OperatorDesk> {
  const context = await browser.newContext({
    locale: "zh-CN",
    viewport: { width: 1920, height: 1080 },
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    // The page asks who it is before anybody signed in; the answer 401 is the answer.
    const isExpected = message.text().includes("401");
    if (message.type() === "error" && !isExpected) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await listen(page);
  await page.goto(url);
  await page.locator("input:not([type=password])").first().fill(username);
  await page.locator("input[type=password]").fill("demo");
  await page.keyboard.press("Enter");
  await page.getByTestId("link-state").waitFor();
  return { page, complaints };
}
