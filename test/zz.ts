import { launchBrowser } from './browser.js'
import { startDeskStage } from './desk-stage.js'
const b = await launchBrowser()
const s = await startDeskStage(b)
const c = s.customer()
console.log(await c.enters({ sessionFrom: '{"page":"商品详情页"}' }).then((d) => d.state))
console.log(await c.sends('我的杯子有裂纹，怎么退换？').then((d) => d.state))
const d = await s.enter('小满')
await d.page.waitForTimeout(4000)
await d.page.screenshot({ path: '/tmp/deskdev/z.png' })
console.log(d.trouble, await d.list.innerText(), await d.list.getByRole('option').evaluateAll((o) => o.map((x: any) => x.getAttribute('aria-label'))))
await s.close(); await b.close()
