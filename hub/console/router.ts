/** The pages, and who is let in. */
import { createRouter, createWebHistory } from "vue-router";
import { homeOf, mayAudit, mayManage, mayReadCalls, me } from "./state/session.ts";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/", redirect: () => homeOf(me.value) },
    { path: "/sign-in", component: () => import("./session/SignInPage.vue"), meta: { open: true } },
    { path: "/desk", component: () => import("./desk/DeskPage.vue") },
    { path: "/archive/:id?", component: () => import("./archive/ArchivePage.vue") },
    { path: "/fleet/:id?", component: () => import("./fleet/FleetPage.vue") },
    { path: "/audit", component: () => import("./people/AuditPage.vue") },
    { path: "/people", component: () => import("./people/PeoplePage.vue") },
    { path: "/:rest(.*)*", component: () => import("./NotFoundPage.vue") },
  ],
});

router.beforeEach((to) => {
  if (me.value === null && !to.meta["open"]) {
    return { path: "/sign-in", query: to.path === "/" ? {} : { to: to.fullPath } };
  }
  if (me.value !== null && to.path === "/sign-in") return homeOf(me.value);
  if (!mayReadCalls.value && /^\/(?:desk|archive)/.test(to.path)) return "/fleet";
  if (!mayAudit.value && to.path.startsWith("/audit")) return homeOf(me.value);
  if (!mayManage.value && to.path.startsWith("/people")) return homeOf(me.value);
  return true;
});
