import { MessagesSquare, Settings as SettingsIcon, Wrench } from '@lucide/vue'
import { defineAsyncComponent, type Component } from 'vue'
import type { MessageKey } from './locales/i18n.js'

/** Asked for at once, beside the question who is signed in. */
const workbench = import('./components/frame/Workbench.vue')
/** In a task after that of the frame: together they would hold up the page for a tenth of a second. */
const Workbench = defineAsyncComponent(async () => {
  await new Promise((resolve) => setTimeout(resolve))
  return workbench
})

/** A page that the rail leads to. */
export interface DeskPage {
  /** In the address: `#/NAME`. */
  name: string
  label: MessageKey
  icon: Component
  component: Component
  /** Who sees it. */
  access: 'agent' | 'admin'
}

/** The pages, in the order of the rail. */
export const deskPages: readonly DeskPage[] = [
  {
    name: 'conversations',
    label: 'page.conversations',
    icon: MessagesSquare,
    component: Workbench,
    access: 'agent',
  },
  {
    name: 'admin',
    label: 'page.admin',
    icon: Wrench,
    component: defineAsyncComponent(() => import('./admin/AdminFrame.vue')),
    access: 'admin',
  },
  {
    name: 'settings',
    label: 'page.settings',
    icon: SettingsIcon,
    component: defineAsyncComponent(() => import('./components/frame/SettingsPage.vue')),
    access: 'agent',
  },
]
