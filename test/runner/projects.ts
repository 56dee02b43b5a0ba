import { existsSync } from 'node:fs'
import { createConnection } from 'node:net'

/** What a test file's name says that it needs: `NAME.test.ts` nothing, `NAME.db.test.ts` a database, and so on. */
export const projectNames = ['unit', 'db', 'service', 'servers', 'browser', 'slow'] as const
export type ProjectName = (typeof projectNames)[number]

export const inCi = !['', 'false', undefined].includes(process.env['CI'])

/** Where tests find PostgreSQL; they make databases of their own there. */
export const postgresUrl = process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'

const usualChromiums = [
  // Without a window's own pages, which cost as much as ours.
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Where a Chromium is: CHROMIUM_PATH, or a usual place; undefined when there is none. */
export const chromiumPath: string | undefined = (
  process.env['CHROMIUM_PATH'] ? [process.env['CHROMIUM_PATH']] : usualChromiums
).find((path) => existsSync(path))

/** Why a project can't run on this machine, and what would change that; nothing when it can. */
export async function missingFor(name: ProjectName): Promise<string | undefined> {
  if (name === 'browser' && chromiumPath === undefined)
    return 'no Chromium. Debian: apt-get install chromium-headless-shell fonts-noto-cjk. Elsewhere: set CHROMIUM_PATH'
  if (name === 'servers' && !(await answers(postgresUrl)))
    return 'no PostgreSQL on 127.0.0.1:5432. Start one, or set TEST_POSTGRES_URL=postgres://USER@HOST/DATABASE'
  return undefined
}

/** Whether something accepts connections at the address. */
function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port || 5432) })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}
