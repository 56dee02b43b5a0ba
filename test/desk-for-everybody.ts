import { expect } from 'vitest'
import { seriousViolations } from './browser.js'
import { patience, type OpenDesk } from './desk-stage.js'

/** A page of administration as it is: wide and narrow, light and dark, nothing that axe finds serious and nothing cut off. */
export async function mustBeForEverybody({ page, trouble }: OpenDesk): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1440, 390]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 })
      // Colours change by a transition, however short.
      await expect.poll(() => page.evaluate('document.getAnimations().length'), { timeout: patience }).toBe(0)
      expect(await seriousViolations(page), `${colorScheme}, ${width}`).toEqual([])
      const wide = await page.evaluate<string[]>(
        `[...document.querySelectorAll('.admin .scroll, [role=dialog] .body')]
          .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className)`,
      )
      expect(wide, `${colorScheme}, ${width}`).toEqual([])
    }
  await page.setViewportSize({ width: 1440, height: 900 })
  expect(trouble).toEqual([])
}
