/**
 * Listens to what a page receives, independently of the page's own code.
 *
 * Every remote audio track is put on an analyser at the moment it arrives; `loudestInPage` asks which
 * frequency is the loudest in any of them.
 */
import type { Page } from "playwright-core";

interface Ear {
  readonly context: AudioContext;
  readonly analysers: AnalyserNode[];
}

type ListeningWindow = typeof globalThis & { ear?: Ear };

export async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const ears: AnalyserNode[] = [];
    const context = new AudioContext();
    (globalThis as ListeningWindow).ear = { context, analysers: ears };
    const Native = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        this.addEventListener("track", ({ track }) => {
          if (track.kind !== "audio") return;
          const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
          context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
          ears.push(analyser);
        });
      }
    };
  });
}

/** The loudest frequency in any remote track, Hz, and its level, dB. */
export function loudestInPage(page: Page): Promise<{ hz: number; db: number }> {
  return page.evaluate(async () => {
    const { ear } = globalThis as ListeningWindow;
    let loudest = { hz: 0, db: -Infinity };
    if (!ear) return loudest;
    await ear.context.resume();
    for (const analyser of ear.analysers) {
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      for (const [bin, db] of bins.entries()) {
        const hz = (bin * ear.context.sampleRate) / analyser.fftSize;
        if (db > loudest.db) loudest = { hz, db };
      }
    }
    return loudest;
  });
}
