/** Two languages, keys typed from the Chinese one; English is fetched when it is chosen. */
import { watch } from "vue";
import { createI18n, useI18n } from "vue-i18n";
import { isolated } from "../../../shared/text.ts";
import { choices } from "../state/choices.ts";
import { zhCN } from "./zh-CN.ts";

export type Messages = typeof zhCN;
export type Language = "zh-CN" | "en";

type Paths<T> = {
  [K in keyof T & string]: T[K] extends string ? K : `${K}.${Paths<T[K]>}`;
}[keyof T & string];
export type TextKey = Paths<Messages>;
export type Text = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

/** English is added when it is chosen. */
const messages: Record<string, Messages> = { "zh-CN": zhCN };

export const i18n = createI18n({
  legacy: false,
  locale: "zh-CN",
  fallbackLocale: "zh-CN",
  messages,
});

async function useLanguage(language: Language): Promise<void> {
  if (language === "en" && !i18n.global.availableLocales.includes("en")) {
    const { en } = await import("./en.ts");
    i18n.global.setLocaleMessage("en", en);
  }
  i18n.global.locale.value = language;
  document.documentElement.lang = language;
}

export async function startLanguage(): Promise<void> {
  await useLanguage(choices.language);
  watch(
    () => choices.language,
    (language) => void useLanguage(language),
  );
}

/** `t` that only takes keys that exist. */
export function useText(): Text {
  const { t } = useI18n({ useScope: "global" });
  return (key, values) => t(key, isolateAll(values ?? {}));
}

/**
 * A name or a text from outside stands in a sentence of ours: it must not change how that reads.
 */
function isolateAll(values: Readonly<Record<string, string | number>>) {
  const safe = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === "string" ? isolated(value) : value,
  ]);
  return Object.fromEntries(safe) as Record<string, string | number>;
}

/** For names that come from the hub: a code we do not know is shown as `fallback`. */
export function keyFor(group: keyof Messages, name: string, fallback: TextKey): TextKey {
  const known: Readonly<Record<string, unknown>> = zhCN[group];
  return name in known ? (`${group}.${name}` as TextKey) : fallback;
}
