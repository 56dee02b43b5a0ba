import { createApp, ref, watch } from 'vue'
import App from './App.vue'
import { createClient } from './emulator/client.js'
import { eventSource } from './emulator/event-source.js'
import { takeKey } from './emulator/key.js'
import { storageOf, worldPrefix } from './emulator/place.js'
import { createI18n, i18nKey, openLanguage } from './locales/i18n.js'
import { createPage, pageKey } from './page.js'
import '../both/styles/tokens.css'
import '../both/styles/base.css'
import '../both/styles/controls.css'
import './styles/tokens.css'

const query = new URLSearchParams(location.search)
const language = ref(openLanguage(query, localStorage.getItem('kefu.language'), navigator.languages))
const i18n = createI18n(language)
watch(
  language,
  (chosen) => {
    localStorage.setItem('kefu.language', chosen)
    document.documentElement.lang = chosen
    document.title = i18n.t.value('page.title')
  },
  { immediate: true },
)

const prefix = worldPrefix(location.pathname)
const client = createClient(fetch.bind(globalThis), `${prefix}/_emulator`)
const key = takeKey(location, history)
// A key that is refused, or none, is asked for by the page.
if (key !== null) await client.begin(key).catch(() => undefined)

const page = createPage({
  client,
  i18n,
  query,
  storage: storageOf(prefix, localStorage),
  isWide: matchMedia('(width >= 1024px)').matches,
  openStream: eventSource(`${prefix}/_emulator/events`),
})

createApp(App).provide(i18nKey, i18n).provide(pageKey, page).mount('#app')
