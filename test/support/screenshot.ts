import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** Takes a picture of a page for whoever looks at it, where KEFU_SHOTS names a directory. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const directory = process.env['KEFU_SHOTS']
  if (directory !== undefined && directory !== '')
    await page.screenshot({ path: join(directory, `${name}.png`) })
}
