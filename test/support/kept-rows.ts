import type { Page } from 'playwright-core'

/**
 * The ids of what a page's browser keeps of one type, sorted: a page that is closed or loaded anew in the middle of
 * keeping takes what it was keeping along.
 */
export const keptRows = (page: Page, type: 'draft' | 'submit' | 'picture'): Promise<string[]> =>
  page.evaluate(`(async () => {
    const asked = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const db = await asked(indexedDB.open('kefu-desk'))
    const rows = await asked(db.transaction('rows').objectStore('rows').getAll())
    db.close()
    return rows.filter((row) => row.type === '${type}').map(({ id }) => id).sort() })()`)
