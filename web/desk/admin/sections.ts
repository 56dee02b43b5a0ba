import { defineAsyncComponent, type Component } from 'vue'
import type { AdminKey } from './admin-texts.js'

export interface AdminSection {
  /** In the address: `#/admin/NAME`. */
  name: string
  label: AdminKey
  component: Component
  /** The part that it belongs to, where it is not one of its own. */
  within?: string
}

/** The parts of administration, in the order that they are shown. */
export const adminSections: readonly AdminSection[] = [
  {
    name: 'agents',
    label: 'section.agents',
    component: defineAsyncComponent(() => import('./agents/AgentsPage.vue')),
  },
  {
    name: 'canned',
    label: 'section.canned',
    component: defineAsyncComponent(() => import('./canned/CannedPage.vue')),
  },
  {
    name: 'apps',
    label: 'section.apps',
    component: defineAsyncComponent(() => import('./apps/AppsPage.vue')),
  },
  {
    name: 'guide',
    label: 'guide.title',
    component: defineAsyncComponent(() => import('./apps/guide/GuidePage.vue')),
    within: 'apps',
  },
  {
    name: 'rules',
    label: 'section.rules',
    component: defineAsyncComponent(() => import('./rules/RulesPage.vue')),
  },
  {
    name: 'knowledge',
    label: 'section.knowledge',
    component: defineAsyncComponent(() => import('./knowledge/KnowledgePage.vue')),
  },
  {
    name: 'exams',
    label: 'section.exams',
    component: defineAsyncComponent(() => import('./exams/ExamsPage.vue')),
  },
  {
    name: 'assistants',
    label: 'section.assistants',
    component: defineAsyncComponent(() => import('./assistants/AssistantsPage.vue')),
  },
  {
    name: 'model',
    label: 'section.model',
    component: defineAsyncComponent(() => import('./model/ModelPage.vue')),
  },
  {
    name: 'hours',
    label: 'section.hours',
    component: defineAsyncComponent(() => import('./hours/HoursPage.vue')),
  },
  {
    name: 'keys',
    label: 'section.keys',
    component: defineAsyncComponent(() => import('./keys/KeysPage.vue')),
  },
  {
    name: 'hooks',
    label: 'section.hooks',
    component: defineAsyncComponent(() => import('./webhooks/WebhooksPage.vue')),
  },
  {
    name: 'run',
    label: 'section.run',
    component: defineAsyncComponent(() => import('./run/RunPage.vue')),
  },
  {
    name: 'report',
    label: 'section.report',
    component: defineAsyncComponent(() => import('./report/ReportPage.vue')),
  },
]
