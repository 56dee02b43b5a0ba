import { writeFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileTokenStore } from './file-token-store.js'

const key = 'wx1:stable@api.weixin.qq.com'
const name = encodeURIComponent(key)
const token = { accessToken: 'T', expiresAt: 2, forcedAt: [1] }

let folder: string
let directory: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kefu-file-token-'))
  directory = join(folder, 'a', 'b')
})
afterEach(async () => {
  await chmod(folder, 0o700)
  await rm(folder, { recursive: true })
})

async function mode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8)
}

test('only their owner may read the files and the folder', async () => {
  const store = fileTokenStore(directory)
  const before = process.umask(0)
  try {
    await store.set(key, token)
    await store.lease(key, 1000)
    expect(await mode(directory)).toBe('700')
    for (const file of await readdir(directory))
      expect([file, await mode(join(directory, file))]).toEqual([file, '600'])
    expect(await readdir(directory)).toHaveLength(2)
  } finally {
    process.umask(before)
  }
})

test('nothing is made by looking', async () => {
  expect(await fileTokenStore(directory).get(key)).toBeUndefined()
  expect(await readdir(folder)).toEqual([])
})

test('the files’ names are safe, whatever the key', async () => {
  const store = fileTokenStore(directory)
  for (const odd of ['../../up', 'a/b', '..', 'a\0b', '小程序', 'a:b@c']) {
    await store.set(odd, token)
    expect(await store.get(odd)).toEqual(token)
  }
  expect(await readdir(folder)).toEqual(['a'])
  expect(await readdir(directory)).toHaveLength(6)
})

test('nothing is left behind but the token, and the lease while it lasts', async () => {
  const store = fileTokenStore(directory)
  for (let i = 0; i < 10; i++) {
    const release = await store.lease(key, 1000)
    await store.set(key, token)
    await store.lease(key, 1000)
    await release?.()
  }
  expect(await readdir(directory)).toEqual([`${name}.json`])
})

test('what a crash left between two steps is in nobody’s way', async () => {
  await mkdir(directory, { recursive: true })
  // A temporary file half written, a lease that says nothing, and the right to break it from a minute ago.
  await writeFile(join(directory, `${name}.json.0d9d2f3c`), '{"accessT')
  await writeFile(join(directory, `${name}.json.lease`), '')
  const breaker = join(directory, `${name}.json.lease.break`)
  await writeFile(breaker, '')
  const aMinuteAgo = Date.now() / 1000 - 60
  await utimes(breaker, aMinuteAgo, aMinuteAgo)

  const store = fileTokenStore(directory)
  expect(await store.get(key)).toBeUndefined()
  expect(await store.lease(key, 1000)).toBeUndefined() // clears the right to break it
  const release = await store.lease(key, 1000)
  expect(release).toBeDefined()
  await release?.()
  expect((await readdir(directory)).filter((file) => file.includes('lease'))).toEqual([])
})

test('a lease that another is breaking just now is left to them', async () => {
  let now = Date.now()
  const store = fileTokenStore(directory, () => now)
  await store.lease(key, 1000)
  now += 1000
  await writeFile(join(directory, `${name}.json.lease.break`), '')
  expect(await store.lease(key, 1000)).toBeUndefined()
  expect(await readFile(join(directory, `${name}.json.lease.break`), 'utf8')).toBe('')
})

test('a lease that another broke between our look and our turn is left to them', async () => {
  const lease = join(directory, `${name}.json.lease`)
  const theirs = JSON.stringify({ id: 'theirs', until: Date.now() + 60_000 })
  await fileTokenStore(directory, () => 0).lease(key, 1000)
  let looks = 0
  const store = fileTokenStore(directory, () => {
    // The clock is read for the new lease, then to compare: in that moment the other one is faster.
    if (++looks === 2) writeFileSync(lease, theirs)
    return Date.now()
  })
  expect(await store.lease(key, 1000)).toBeUndefined()
  expect(looks).toBe(3)
  expect(await readFile(lease, 'utf8')).toBe(theirs)
})

test('a token that cannot be put in its place leaves nothing behind', async () => {
  await mkdir(join(directory, `${name}.json`), { recursive: true })
  await expect(fileTokenStore(directory).set(key, token)).rejects.toThrow('EISDIR')
  expect(await readdir(directory)).toEqual([`${name}.json`])
})

test('a folder that is a file is an error, for each of the store’s parts', async () => {
  await writeFile(join(folder, 'a'), '')
  const store = fileTokenStore(directory)
  await expect(store.set(key, token)).rejects.toThrow('ENOTDIR')
  await expect(store.get(key)).rejects.toThrow('ENOTDIR')
  await expect(store.lease(key, 1000)).rejects.toThrow('ENOTDIR')
})
