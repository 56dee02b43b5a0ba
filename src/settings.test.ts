import { expect, it } from 'vitest'
import { ConfigError } from './errors.js'
import { settingsFrom } from './settings.js'

const env = {
  WECHAT_APP_ID: 'wx1',
  WECHAT_APP_SECRET: 's',
  WECHAT_TOKEN: 't',
  WECHAT_ENCODING_AES_KEY: 'k',
}

it('reads the settings of a Mini Program', () => {
  expect(settingsFrom(env)).toEqual({ appId: 'wx1', appSecret: 's', token: 't', encodingAESKey: 'k' })
  expect(settingsFrom({ ...env, WECHAT_API_URL: 'http://127.0.0.1:3001' }).url).toBe('http://127.0.0.1:3001')
})

it.each([
  [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'zh_TW' }, 'zh'],
  [{ LANG: 'zh_CN.UTF-8', LC_ALL: 'C' }, undefined],
  [{ LANG: 'zh_CN.UTF-8', LC_MESSAGES: 'en_GB', LC_ALL: '' }, undefined],
  [{ LANG: 'en_US.UTF-8' }, undefined],
])('has errors speak the language of %o', (locale, language) => {
  expect(settingsFrom({ ...env, ...locale }).language).toBe(language)
})

it('has errors lead to the page that the environment names', () => {
  const errorsUrl = 'https://docs.example.com/errors'
  expect(settingsFrom({ ...env, KEFU_ERRORS_URL: errorsUrl }).errorsUrl).toBe(errorsUrl)
})

it('names all that are missing or empty, by the prefix, and shows none that is there', () => {
  const problem = (): unknown =>
    settingsFrom({ SHOP_APP_ID: 'wx1', SHOP_APP_SECRET: 'secret', SHOP_TOKEN: '' }, 'SHOP')
  expect(problem).toThrow(ConfigError)
  expect(problem).toThrow('Not set: SHOP_TOKEN, SHOP_ENCODING_AES_KEY.')
  expect(problem).not.toThrow(/wx1|secret/)
})
