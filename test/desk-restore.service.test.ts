import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sessionView } from '../src/people/schemas/agent-view.js'
import { backUp } from '../src/server/backup.js'
import { openStore } from '../src/store/store.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, signIn } from './support/desk-agent.js'
import { startTestService, type TestService } from './support/test-service.js'

const key = 'a-key-of-the-restore-test-0123456789'
let service: TestService
beforeAll(async () => {
  service = await startTestService({ KEFU_API_KEY: key })
  await addAgent(service, 'boss', 'admin')
  await addAgent(service, 'lin')
})
afterAll(() => service.close())

const keeping = ({ session: { databaseId, draftsKey } }: Awaited<ReturnType<typeof signIn>>) => ({
  databaseId,
  draftsKey,
})

describe('what a page keeps drafts with', () => {
  it('is each agent’s own, the same at each sign-in and over a restart', async () => {
    const [lin, again, boss] = [
      await signIn(service.url, 'lin'),
      await signIn(service.url, 'lin'),
      await signIn(service.url, 'boss'),
    ]
    expect(Buffer.from(lin.session.draftsKey, 'base64url')).toHaveLength(32)
    expect(keeping(again)).toEqual(keeping(lin))
    expect(boss.session.databaseId).toBe(lin.session.databaseId)
    expect(boss.session.draftsKey).not.toBe(lin.session.draftsKey)
    expect(await lin.api.get(sessionView, 'GET /session')).toMatchObject(keeping(lin))
    await service.restart()
    expect(keeping(await signIn(service.url, 'lin'))).toEqual(keeping(lin))
  })

  it('is given to no program, whatever its key', async () => {
    const program = new ApiClient(service.url, key)
    expect((await program.call('GET /session')).status).toBe(401)
    const boss = await signIn(service.url, 'boss')
    const { key: made } = (await boss.api.ok('POST /api-keys', { body: { name: 'crm' } })) as { key: string }
    expect((await new ApiClient(service.url, made).call('GET /session')).status).toBe(401)
    // Nor is it to be found anywhere else: only sessions know it.
    const { draftsKey } = boss.session
    expect(service.log).not.toContain(draftsKey)
  })

  it('is another after a backup is restored, where the same number may be another agent’s', async () => {
    const { databaseUrl, dataDir } = service.config
    const before = keeping(await signIn(service.url, 'lin'))
    const backup = join(service.directory, 'backup.db')
    await backUp(backup, { dataDir, openStore: () => openStore(databaseUrl) })
    await addAgent(service, 'after')
    const after = await signIn(service.url, 'after')
    await service.stop()
    copyFileSync(backup, join(dataDir, 'kefu.db'))
    await service.restart()
    const restored = keeping(await signIn(service.url, 'lin'))
    expect(restored.databaseId).not.toBe(before.databaseId)
    expect(restored.draftsKey).not.toBe(before.draftsKey)
    await addAgent(service, 'another')
    const other = await signIn(service.url, 'another')
    expect(other.id).toBe(after.id)
    expect(other.session.draftsKey).not.toBe(after.session.draftsKey)
    await service.restart()
    expect(keeping(await signIn(service.url, 'lin'))).toEqual(restored)
  })
})

describe('signing out', () => {
  it('tells the browser to drop what it has cached of customers', async () => {
    const lin = await signIn(service.url, 'lin')
    const answer = await lin.api.call('DELETE /session')
    expect(answer.status).toBe(204)
    expect(answer.headers.get('clear-site-data')).toBe('"cache"')
  })
})
