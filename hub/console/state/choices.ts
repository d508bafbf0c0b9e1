/** What a person chose on this machine: language, theme, devices, loudness. Kept in the browser. */
import { reactive, watch } from "vue";
import { z } from "zod";

const KEY = "anzhu.choices";

const Choices = z.object({
  language: z.enum(["zh-CN", "en"]).catch("zh-CN"),
  theme: z.enum(["dark", "light", "system"]).catch("dark"),
  ringVolume: z.number().min(0).max(1).catch(0.8),
  ringDeviceId: z.string().catch(""),
  voiceDeviceId: z.string().catch(""),
  microphoneId: z.string().catch(""),
  isPushToTalk: z.boolean().catch(false),
});
export type Choices = z.infer<typeof Choices>;

export const choices = reactive<Choices>(Choices.parse(read()));

watch(choices, (value) => localStorage.setItem(KEY, JSON.stringify(value)), { deep: true });

function read(): unknown {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
  } catch {
    // Another program's text is stored under our key: begin with the defaults.
    return {};
  }
}

const prefersLight = matchMedia("(prefers-color-scheme: light)");

/** Dark, unless the person or the system has chosen light. */
export function applyTheme(): void {
  const followed = prefersLight.matches ? "light" : "dark";
  document.documentElement.dataset["theme"] = choices.theme === "system" ? followed : choices.theme;
}

watch(() => choices.theme, applyTheme);
prefersLight.addEventListener("change", applyTheme);
