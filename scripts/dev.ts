// One page with hot reload, and the demo behind it: `npm run dev` for the desk, `npm run dev phone` for the phone.
import { createServer } from 'vite'
import { quietly } from '../src/cli/run-via-server.js'
import { loadEnvironment, readConfig } from '../src/config/config.js'
import { startDemo } from '../src/demo/demo.js'

const [page = 'desk', ...more] = process.argv.slice(2)
if ((page !== 'desk' && page !== 'phone') || more.length > 0) {
  console.error('npm run dev [desk|phone]')
  process.exit(2)
}

const config = readConfig(loadEnvironment())
const demo = await startDemo(config, quietly(config).logger)
const desk = new URL(demo.deskUrl)
const phone = new URL(demo.phoneUrl)
// What is no file of the page. The service compares a page's origin with the host that was asked, which is Vite's here.
const behind = (target: string) => ({ target, changeOrigin: false })
const proxy = {
  '/api': behind(desk.origin),
  '/demo': behind(desk.origin),
  '/_emulator': behind(phone.origin),
}
const vite = await createServer({ mode: page, server: { proxy }, logLevel: 'warn' })
try {
  await vite.listen()
} catch (error) {
  await demo.close()
  throw error
}
const here = vite.resolvedUrls?.local[0] ?? ''
console.log(
  [
    '',
    page === 'desk'
      ? `  desk, as you edit web/desk     ${new URL(desk.pathname, here).href}`
      : `  phone, as you edit web/phone   ${here}`,
    page === 'desk'
      ? `  phone, as it was built last    ${demo.phoneUrl}`
      : `  desk, as it was built last     ${demo.deskUrl}`,
    '',
    '  Ctrl+C ends all.',
    '',
  ].join('\n'),
)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void Promise.all([vite.close(), demo.close()]).then(() => process.exit(0))
  })
