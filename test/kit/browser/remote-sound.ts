/**
 * Records what a page receives and sends, independently of the page's own code.
 *
 * Every remote audio track is put on analysers at the moment it arrives, and so is the microphone.
 */
import type { Page } from "playwright-core";

interface Ear {
  readonly context: AudioContext;
  /** Fine in frequency, for the loudest tone. */
  readonly remote: AnalyserNode[];
  /** Fine in time, for the moment a sound begins. */
  readonly remoteNow: AnalyserNode[];
  readonly mouthNow: AnalyserNode[];
}

type ListeningWindow = typeof globalThis & { ear?: Ear };

export async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const context = new AudioContext();
    const ear: Ear = { context, remote: [], remoteNow: [], mouthNow: [] };
    (globalThis as ListeningWindow).ear = ear;
    const put = (track: MediaStreamTrack, into: AnalyserNode[], fftSize: number): void => {
      const analyser = new AnalyserNode(context, { fftSize, smoothingTimeConstant: 0 });
      context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      into.push(analyser);
    };
    const Native = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        this.addEventListener("track", ({ track }) => {
          if (track.kind !== "audio") return;
          put(track, ear.remote, 8192);
          put(track, ear.remoteNow, 256);
        });
      }
    };
    const devices = navigator.mediaDevices;
    const native = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (constraints) => {
      const stream = await native(constraints);
      for (const track of stream.getAudioTracks()) put(track, ear.mouthNow, 256);
      return stream;
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
    for (const analyser of ear.remote) {
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

/** Epoch ms at which a sound begins in the page, `count` times; looked at every 4 ms. */
export function onsetsInPage(
  page: Page,
  where: "remoteNow" | "mouthNow",
  count: number,
): Promise<number[]> {
  return page.evaluate(
    async ([side, wanted]) => {
      const { ear } = globalThis as ListeningWindow;
      if (!ear) throw new Error("bug: nobody listens in this page");
      await ear.context.resume();
      const found: number[] = [];
      const samples = new Float32Array(256);
      let quietSince = performance.now();
      const loud = (): boolean =>
        ear[side].some((analyser) => {
          analyser.getFloatTimeDomainData(samples);
          return samples.some((sample) => Math.abs(sample) > 0.03);
        });
      while (found.length < wanted) {
        const now = performance.now();
        if (loud()) {
          // A pause within a beep is no new beep.
          if (now - quietSince > 150) found.push(performance.timeOrigin + now);
          quietSince = Infinity;
        } else if (quietSince === Infinity) quietSince = now;
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
      return found;
    },
    [where, count] as const,
  );
}
