// Takes the screenshots of docs/screenshots anew: `npm run screenshots`, or some of them: `npm run screenshots desk`.
import { launchBrowser } from '../test/browser.js'
import { buildPage } from '../test/runner/pages.js'
import { takeAdmin } from './screenshots/admin.js'
import { takeComposer } from './screenshots/composer.js'
import { takeDesk } from './screenshots/desk.js'
import { takePhone } from './screenshots/phone.js'

const parts = { admin: takeAdmin, composer: takeComposer, desk: takeDesk, phone: takePhone }

const unknown = process.argv.slice(2).filter((name) => !Object.hasOwn(parts, name))
if (unknown.length > 0) {
  console.error(
    `There are no screenshots called ${unknown.join(', ')}: say admin, composer, desk or phone, or nothing.`,
  )
  process.exit(2)
}
const asked = process.argv.slice(2)

const browser = await launchBrowser()
try {
  for (const [name, take] of Object.entries(parts)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    await buildPage(name === 'phone' ? 'phone' : 'desk')
    await take(browser, async (title, work) => {
      const began = performance.now()
      process.stdout.write(`${name}: ${title} … `)
      await work()
      process.stdout.write(`${Math.round((performance.now() - began) / 1000)} s\n`)
    })
  }
  console.log('They are in docs/screenshots.')
} finally {
  await browser.close()
}
