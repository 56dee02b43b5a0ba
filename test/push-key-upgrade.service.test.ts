import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openStore, writeSetting } from '../src/store/index.js'
import { encodeFields, restorePush } from '../src/wechat/index.js'
import { callControl } from '../src/server/control-client.js'
import { planted, startTestService, type TestService } from './support/test-service.js'

let service: TestService | undefined
afterEach(() => service?.close())

const secrets = {
  appId: planted.WECHAT_APP_ID,
  token: planted.WECHAT_TOKEN,
  encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
}

it('takes what an older release kept for what it is, when WeChat repeats it at the new one', async () => {
  service = await startTestService()
  const { config, emulator } = service
  await callControl(config.dataDir, 'import-rules', {
    rules: [{ name: '答', when: {}, then: [{ reply: { text: '马上' } }] }],
  })
  const lin = emulator.user('oLin')
  // So that the customer may be answered at all.
  await lin.enters()
  const push = encodeFields(
    {
      ToUserName: 'gh_97417a04a28d',
      FromUserName: 'oLin',
      CreateTime: Math.floor(Date.now() / 1000),
      MsgType: 'text',
      Content: '发货',
      MsgId: '23637352235060880',
    },
    secrets,
    { format: 'json' },
  )
  const deliver = async (): Promise<string> => {
    const url = `${service?.url ?? ''}/wechat?${new URLSearchParams(push.query).toString()}`
    const headers = { 'content-type': push.contentType }
    return (await fetch(url, { method: 'POST', headers, body: push.body })).text()
  }
  expect(await deliver()).toBe('success')
  await expect.poll(() => lin.messages.filter(({ from }) => from === 'service').length).toBeGreaterThan(0)
  await service.stop()

  const store = await openStore(`file:${join(config.dataDir, 'kefu.db')}`)
  // As the release before left them.
  for (const { id, app_id: appId, plaintext } of await store.db.selectFrom('push').selectAll().execute())
    await store.db
      .updateTable('push')
      .set({ dedupe_key: restorePush({ appId, plaintext }).id })
      .where('id', '=', id)
      .execute()
  await writeSetting(store.db, 'push_keys_unordered', '1')
  await store.close()

  await service.restart()
  expect(await deliver()).toBe('success')
  expect(service.log).toContain('pushes that may still be repeated have their new keys')
  await service.stop()
  const again = await openStore(`file:${join(config.dataDir, 'kefu.db')}`)
  const rows = await again.db.selectFrom('push').select(['plaintext']).execute()
  expect(rows.filter(({ plaintext }) => plaintext.includes('23637352235060880'))).toHaveLength(1)
  await again.close()
})
