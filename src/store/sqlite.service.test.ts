import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite } from './sqlite.js'

describe('SQLite’s thread', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'kefu-sqlite-'))
  })
  afterEach(() => {
    rmSync(dir, { recursive: true })
  })

  it('does not abort a process that exits while a statement runs', { timeout: 60_000 }, async () => {
    const script = `
      import { openSqlite } from ${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)}
      const sqlite = await openSqlite(${JSON.stringify(join(dir, 'kefu.db'))})
      const long = 'with recursive c(n) as (select 1 union all select n + 1 from c where n < 300000) select n from c'
      for (let i = 0; i < 100; i++) sqlite.run(long, []).catch(() => {})
      // Within one of them: when it ran, rows are made for JavaScript, and that is where libsql aborts.
      setTimeout(() => process.exit(7), 300 + Number(process.env.MORE))`
    for (const more of [0, 40, 80, 120]) {
      const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
        execFile(
          process.execPath,
          ['--import', 'tsx', '--input-type=module', '-e', script],
          { env: { ...process.env, MORE: String(more) } },
          (error, _, stderr) => {
            resolve({ code: error?.code, stderr })
          },
        )
      })
      expect({ code, stderr }).toEqual({ code: 7, stderr: '' })
    }
  })

  it('takes null as the only parameter, and texts and numbers', async () => {
    const sqlite = await openSqlite(join(dir, 'kefu.db'))
    await sqlite.exec('create table t (a)')
    for (const value of [null, 'x', 7]) {
      await sqlite.run('insert into t values (?)', [value])
      expect((await sqlite.run('select ? as value', [value])).rows).toEqual([{ value }])
    }
    expect((await sqlite.run('select a from t', [])).rows).toEqual([{ a: null }, { a: 'x' }, { a: 7 }])
    await sqlite.close()
  })

  it('refuses what is asked after it was closed, also while it closes', async () => {
    const sqlite = await openSqlite(join(dir, 'kefu.db'))
    await sqlite.exec('create table t (a integer)')
    const closing = sqlite.close()
    const late = Array.from({ length: 50 }, () => sqlite.run('insert into t values (1)', []))
    const results = await Promise.allSettled(late)
    await closing
    // Each is done or told that it is not, and none waits for ever.
    const done = results.filter(({ status }) => status === 'fulfilled').length
    for (const result of results)
      if (result.status === 'rejected') expect(String(result.reason)).toMatch(/closed|not open/)
    const [refused] = (await Promise.allSettled([sqlite.run('select 1', [])])) as [PromiseRejectedResult]
    expect(String(refused.reason)).toContain('closed')
    const again = await openSqlite(join(dir, 'kefu.db'))
    expect((await again.run('select count(*) as count from t', [])).rows).toEqual([{ count: done }])
    await again.close()
  })
})
