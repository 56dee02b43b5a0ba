import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { chromium, type Browser, type Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { chromiumPath, missingFor } from './runner/projects.js'

export { buildPage } from './runner/pages.js'
export { chromiumPath }

/** A page is waited for longer than usual, for a machine with much to do. */
export const patience = 20_000

/** Tests in a real Chromium. Their project is left out, aloud, where there is none; in CI that is a failure. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (chromiumPath !== undefined) describe(name, tests)
  else
    describe(name, () => {
      it('has a Chromium to run in', async () => {
        expect.fail(`There is ${await missingFor('browser')}.`)
      })
    })
}

/** A Chromium that talks to nobody by itself. */
export async function launchBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(`There is ${await missingFor('browser')}.`)
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** What axe finds serious or worse on the page as it is, each as `rule: element, element`. */
export async function seriousViolations(browserPage: Page): Promise<string[]> {
  // As the developer tools would, past the page's Content-Security-Policy; once a document, as that costs the most.
  if (!(await browserPage.evaluate<boolean>(`typeof axe === 'object'`)))
    await browserPage.evaluate(
      `${await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')};0`,
    )
  return browserPage.evaluate<string[]>(`axe.run(document, { resultTypes: ['violations'] })
    .then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(', ')))`)
}
