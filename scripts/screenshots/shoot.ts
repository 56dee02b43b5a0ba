import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'

/** Takes docs/screenshots/NAME.png, with a palette of 256 colours where ImageMagick is at hand: a third of the bytes. */
export async function shoot(page: Page, name: string): Promise<void> {
  const path = fileURLToPath(new URL(`../../docs/screenshots/${name}.png`, import.meta.url))
  // Fonts and transitions first.
  await page.evaluate('document.fonts.ready.then(() => undefined)')
  await page.screenshot({ path, animations: 'disabled' })
  await promisify(execFile)('convert', [
    path,
    '+dither',
    '-colors',
    '256',
    '-define',
    'png:compression-level=9',
    `PNG8:${path}`,
  ]).catch(() => undefined)
}
