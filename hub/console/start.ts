/** The page itself: language, theme, who sits here. */
import { createApp } from "vue";
import App from "./App.vue";
import { i18n, startLanguage } from "./i18n/index.ts";
import { router } from "./router.ts";
import { applyTheme } from "./state/choices.ts";
import { restoreSession } from "./state/session.ts";

applyTheme();
await Promise.all([startLanguage(), restoreSession()]);
createApp(App).use(i18n).use(router).mount("#app");
