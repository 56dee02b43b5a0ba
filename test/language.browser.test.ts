import { describe } from 'vitest'
import { deskTest, phoneTest } from './browser-fixture.js'

describe('the pages’ language', () => {
  deskTest('is the browser’s at the desk, and Chinese where that is neither', async ({ stage }) => {
    for (const [locale, label] of [
      ['en-GB', 'User name'],
      ['zh-TW', '用户名'],
      ['fr-FR', '用户名'],
    ] as const) {
      const { page } = await stage.open('', { locale })
      await page.getByLabel(label).waitFor()
    }
  })

  phoneTest('is the browser’s on the phone', async ({ stage }) => {
    const english = await stage.open('', { locale: 'en-US' })
    await english.page.locator('html[lang="en"]').waitFor()
    const chinese = await stage.open('', { locale: 'zh-CN' })
    await chinese.page.locator('html[lang="zh-CN"]').waitFor()
  })
})
