import { MessagesSquare, Settings as SettingsIcon, Wrench } from '@lucide/vue'
import { defineAsyncComponent, type Component } from 'vue'
import PageFailed from './frame/PageFailed.vue'
import type { MessageKey } from './locales/i18n.js'

/** A page in a file of its own, which the network may keep from coming. */
const page = (loader: () => Promise<{ default: Component }>): Component =>
  defineAsyncComponent({ loader, errorComponent: PageFailed })

/** Asked for at once, beside the question who is signed in. */
const workbench = import('./conversations/Workbench.vue')
/** In a task after that of the frame: together they would hold up the page for a tenth of a second. */
const Workbench = page(async () => {
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
    component: page(() => import('./admin/AdminFrame.vue')),
    access: 'admin',
  },
  {
    name: 'settings',
    label: 'page.settings',
    icon: SettingsIcon,
    component: page(() => import('./settings/SettingsPage.vue')),
    access: 'agent',
  },
]
