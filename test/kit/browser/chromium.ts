/**
 * Debian's Chromium with false devices: its microphone is a WAV file, its camera a test picture.
 */
import { chromium, type Browser } from "playwright-core";

export interface BrowserOptions {
  /** WAV file the operator's microphone hears, over and over. */
  readonly microphone?: string;
  /** `false`: the microphone is refused, as when a person clicks "block". */
  readonly allowsMicrophone?: boolean;
}

export function openBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const allows = options.allowsMicrophone ?? true;
  return chromium.launch({
    executablePath: process.env["CHROMIUM_BIN"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--use-fake-device-for-media-stream",
      allows ? "--use-fake-ui-for-media-stream" : "--deny-permission-prompts",
      ...(options.microphone ? [`--use-file-for-fake-audio-capture=${options.microphone}`] : []),
    ],
  });
}
