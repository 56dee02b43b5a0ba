import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RecordingLogger } from './support/recording-logger.js'
import { openStore } from '../src/store/index.js'
import { backUp } from '../src/server/backup.js'
import { checkPrivacy } from '../src/doctor/check-privacy.js'
import { keepDataPrivate } from '../src/store/private-data.js'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe.skipIf(process.platform === 'win32')('the data’s files', () => {
  let directory: string
  let dataDir: string
  let database: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kefu-private-'))
    // Made by somebody else, before.
    dataDir = join(directory, 'data')
    database = join(dataDir, 'kefu.db')
    mkdirSync(dataDir)
    chmodSync(dataDir, 0o755)
  })
  afterEach(() => {
    rmSync(directory, { recursive: true })
  })

  it('of a new database are its owner’s alone, in a directory that others may read', async () => {
    const store = await openStore(`file:${database}`)
    await store.migrate()
    for (const end of ['', '-wal', '-shm', '-journal'])
      if (existsSync(database + end)) expect(modeOf(database + end), end).toBe('600')
    expect(existsSync(`${database}-wal`)).toBe(true)
    await store.close()
    expect(modeOf(database)).toBe('600')
  })

  it('that others could read are closed when the database is opened', async () => {
    await (await openStore(`file:${database}`)).close()
    chmodSync(database, 0o644)
    writeFileSync(`${database}-journal`, '')
    chmodSync(`${database}-journal`, 0o644)
    const store = await openStore(`file:${database}`)
    await store.migrate()
    expect(modeOf(database)).toBe('600')
    expect(modeOf(`${database}-wal`)).toBe('600')
    await store.close()
  })

  it('stay locked against a second server that looks at their rights', async () => {
    const store = await openStore(`file:${database}`)
    await store.migrate()
    await expect(openStore(`file:${database}`)).rejects.toThrow(/Another kefu/)
    await expect(openStore(`file:${database}`)).rejects.toThrow(/Another kefu/)
    await store.close()
  })

  it('are made in directories that are closed, where we make them', async () => {
    const deep = join(directory, 'a', 'b')
    await (await openStore(`file:${join(deep, 'kefu.db')}`)).close()
    for (const path of [deep, join(directory, 'a')]) expect(modeOf(path)).toBe('700')
  })

  it('of a backup are closed too, from their first byte', async () => {
    const openIt = async () => {
      const store = await openStore(`file:${database}`)
      await store.migrate()
      return store
    }
    const target = join(directory, 'backup.db')
    await backUp(target, { dataDir, openStore: openIt })
    expect(modeOf(target)).toBe('600')
    const store = await openIt()
    await store.file?.compactInto(join(directory, 'copy.db'))
    expect(modeOf(join(directory, 'copy.db'))).toBe('600')
    await store.close()
  })

  it('that came back from a copy are closed at the start, and doctor says what stays open', async () => {
    const media = join(dataDir, 'media')
    mkdirSync(media)
    const files = [join(dataDir, 'secret.key'), join(media, '0'.repeat(32)), database]
    for (const file of files) {
      writeFileSync(file, '')
      chmodSync(file, 0o644)
    }
    chmodSync(media, 0o755)
    const places = { dataDir, database }
    const found = await checkPrivacy(places)
    expect(found.map(({ level, copy }) => `${level} ${copy}`)).toEqual([
      `warn chmod 600 ${database}`,
      `warn chmod 600 ${dataDir}/secret.key`,
      `warn chmod 700 ${media}`,
    ])
    const logger = new RecordingLogger()
    await keepDataPrivate(places, logger)
    for (const file of files) expect(modeOf(file)).toBe('600')
    expect(modeOf(media)).toBe('700')
    expect(logger.messages('warn')).toEqual([])
    expect(await checkPrivacy(places)).toMatchObject([{ level: 'ok' }])
    // Others who may write the directory may put another file in the place of ours.
    chmodSync(dataDir, 0o777)
    expect(await checkPrivacy(places)).toMatchObject([{ level: 'warn', copy: `chmod 700 ${dataDir}` }])
    await keepDataPrivate(places, logger)
    expect(modeOf(dataDir)).toBe('777')
  })
})
