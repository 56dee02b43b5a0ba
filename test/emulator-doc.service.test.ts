import { readFileSync } from 'node:fs'
import { createEmulator, type EmulatorOptions, type StubInput } from 'kefu/emulator'
import { expect, it } from 'vitest'

const document = readFileSync(new URL('../docs/emulator.md', import.meta.url), 'utf8')
const protocol = readFileSync(new URL('../src/emulator/protocol.ts', import.meta.url), 'utf8')

function routesIn(text: string, row: RegExp): string[] {
  return [...text.matchAll(row)].map(([, method, path]) => `${method ?? ''} ${path ?? ''}`).sort()
}

const documented = routesIn(document, /^\| (GET|POST|DELETE) +\| `(\/_emulator\/[^`]+)`/gm)

it('the emulator’s document lists the paths of its protocol, and no others', () => {
  expect(documented.length).toBeGreaterThan(15)
  expect(documented).toEqual(routesIn(protocol, /^ \* {3}(GET|POST|DELETE) +(\/_emulator\/[\w/:.]+)/gm))
})

it('each documented path is there', async () => {
  const app = {
    appId: 'wx1',
    appSecret: 's',
    token: 't',
    mode: 'plain' as const,
    pushUrl: 'http://127.0.0.1:9/',
  }
  const emulator = await createEmulator()
  for (const route of documented) {
    // Anew each time: some of the paths take them away.
    emulator.addApp(app)
    const { id } = emulator.stubs.add({ path: '/wxa/other', answer: {} })
    const [method = '', path = ''] = route
      .replace(':appId', 'wx1')
      .replace(':openId', 'o1')
      .replace(':stubId', id)
      .replace(':world', 'one')
      .split(' ')
    const response = await fetch(emulator.url + path, { method, signal: AbortSignal.timeout(5000) })
    // Asked for nothing in particular, a path says what is wrong with that; it never says that it is not there.
    const text = path.endsWith('/events') ? '' : await response.text()
    if (path.endsWith('/:mediaId')) expect(text).toContain('no such picture')
    else expect([200, 204, 400, 415], `${route}: ${text}`).toContain(response.status)
    if (path.endsWith('/events')) await response.body?.cancel()
  }
  await emulator.close()
})

it('the seed file and the stubs in the document are ones that the emulator takes', async () => {
  const [, seedFile = ''] = /```json\n(\{\n {2}"apps"[^]*?)```/.exec(document) ?? []
  const stubs = [...document.matchAll(/^stub '(\{.*\})'/gm)].map(([, json]) => json ?? '')
  expect(stubs.length).toBeGreaterThan(3)
  const emulator = await createEmulator(JSON.parse(seedFile) as EmulatorOptions)
  expect(emulator.faults.items).toHaveLength(1)
  for (const stub of stubs) emulator.stubs.add(JSON.parse(stub) as StubInput)
  await emulator.close()
})

it('each fault in the document is one that the emulator takes', async () => {
  const faults = [...document.matchAll(/^fault '(\{.*\})'/gm)].map(([, json]) =>
    (json ?? '').replaceAll(`'$SEND'`, '/cgi-bin/message/custom/send'),
  )
  expect(faults.length).toBeGreaterThan(8)
  const emulator = await createEmulator()
  for (const fault of faults) {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${emulator.url}/_emulator/faults`, { method: 'POST', headers, body: fault })
    expect(await response.json(), fault).toMatchObject({ remaining: expect.any(Number) as number })
  }
  await emulator.close()
})

it('each script and fault of the model in the document is one that the fake model takes', async () => {
  const inputs = [...document.matchAll(/^model (script|faults) '(\{.*\})'/gm)]
  expect(inputs.length).toBeGreaterThan(12)
  const emulator = await createEmulator()
  for (const [, path, json = ''] of inputs) {
    const headers = { 'content-type': 'application/json' }
    const url = `${emulator.url}/_emulator/model/${path ?? ''}`
    const response = await fetch(url, { method: 'POST', headers, body: json })
    expect(response.status, json).toBe(204)
  }
  expect(emulator.model.faults).toHaveLength(inputs.length - 1)
  await emulator.close()
})
