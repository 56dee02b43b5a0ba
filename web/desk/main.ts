import { createApp, toRef, watch } from 'vue'
import App from './App.vue'
import { createI18n, i18nKey } from './locales/i18n.js'
import { createRouter } from './router.js'
import { createChime } from './state/chime.js'
import { openSession, sessionKey } from './state/session.js'
import { openSettings } from './state/settings.js'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'

const settings = openSettings(localStorage, new URLSearchParams(location.search))
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

const session = openSession({
  i18n,
  settings,
  router: createRouter(window),
  chime: createChime(() => new AudioContext()),
})

createApp(App).provide(i18nKey, i18n).provide(sessionKey, session).mount('#app')
