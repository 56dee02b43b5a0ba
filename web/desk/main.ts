import { createApp, toRef, watch } from 'vue'
import App from './App.vue'
import { createI18n, i18nKey } from './locales/i18n.js'
import { createRouter, routerKey } from './router.js'
import { chimeKey, createChime } from './alerts/chime.js'
import { openSession, sessionKey } from './stores/session.js'
import { browserStorage } from './stores/browser-storage.js'
import { openSettings, settingsKey } from './settings/settings.js'
import { createToasts, toastsKey } from './stores/toasts.js'
import '../both/styles/tokens.css'
import '../both/styles/base.css'
import '../both/styles/controls.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'

const settings = openSettings(browserStorage, new URLSearchParams(location.search), navigator.languages)
const i18n = createI18n(toRef(settings, 'language'))
watch(
  () => settings.language,
  (language) => {
    document.documentElement.lang = language
  },
  { immediate: true },
)
watch(
  () => settings.theme,
  (theme) => {
    if (theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
  },
  { immediate: true },
)

const router = createRouter(window)
const toasts = createToasts()
const chime = createChime(() => new AudioContext())
const session = openSession({ i18n, settings, router, toasts, chime })

createApp(App)
  .provide(i18nKey, i18n)
  .provide(settingsKey, settings)
  .provide(routerKey, router)
  .provide(toastsKey, toasts)
  .provide(chimeKey, chime)
  .provide(sessionKey, session)
  .mount('#app')
