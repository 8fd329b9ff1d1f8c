import { createRouter, createWebHistory } from "vue-router";
import { whenSignedOut } from "./api/http";
import { forgetCalls } from "./state/calls";
import { disconnect } from "./state/events";
import { forgetInbox } from "./state/inbox";
import { forget } from "./state/incidents";
import { resume, session } from "./state/session";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/sign-in", name: "sign-in", component: () => import("./pages/SignIn.vue") },
    { path: "/", name: "wall", component: () => import("./pages/WallPage.vue") },
    { path: "/incidents", name: "queue", component: () => import("./pages/QueuePage.vue") },
    {
      path: "/incidents/:id",
      name: "incident",
      component: () => import("./pages/IncidentPage.vue"),
      props: true,
    },
    {
      path: "/suppressions",
      name: "suppressions",
      component: () => import("./pages/SuppressionsPage.vue"),
    },
    { path: "/casefiles", name: "casefiles", component: () => import("./pages/CaseFilesPage.vue") },
    { path: "/locks", name: "locks", component: () => import("./pages/LocksPage.vue") },
    { path: "/notices", name: "notices", component: () => import("./pages/NoticesPage.vue") },
    { path: "/catalogue", name: "catalogue", component: () => import("./pages/CataloguePage.vue") },
    { path: "/words", name: "words", component: () => import("./pages/WordingPage.vue") },
    { path: "/supervision", name: "supervision", component: () => import("./pages/SupervisionPage.vue") },
    { path: "/audit", name: "audit", component: () => import("./pages/AuditPage.vue") },
    { path: "/patterns", name: "patterns", component: () => import("./pages/PatternsPage.vue") },
    { path: "/map", name: "map", component: () => import("./pages/MapPage.vue") },
    { path: "/cameras", name: "cameras", component: () => import("./pages/CamerasPage.vue") },
    { path: "/recordings", name: "recordings", component: () => import("./pages/RecordingsPage.vue") },
    { path: "/storage", name: "storage", component: () => import("./pages/StoragePage.vue") },
    { path: "/duty", name: "duty", component: () => import("./pages/DutyPage.vue") },
    { path: "/films", name: "films", component: () => import("./pages/FilmsPage.vue") },
    { path: "/officers", name: "officers", component: () => import("./pages/OfficersPage.vue") },
    { path: "/tips/:id?", name: "tips", component: () => import("./pages/TipsPage.vue"), props: true },
    { path: "/:rest(.*)", redirect: "/" },
  ],
});

router.beforeEach(async (to) => {
  if (to.name === "sign-in") return true;
  const known = await resume().catch(() => session.value !== null);
  if (session.value?.role === "officer") {
    window.location.assign("/field");
    return false;
  }
  return known || { name: "sign-in", query: to.path === "/" ? {} : { to: to.fullPath } };
});

whenSignedOut(() => {
  session.value = null;
  disconnect();
  forget();
  forgetInbox();
  forgetCalls();
  if (router.currentRoute.value.name !== "sign-in") void router.push({ name: "sign-in" });
});
