import { describe, expect, it } from 'vitest'
import { readConfig } from '../config/config.js'
import { emulatorListening, phoneLinks, withFlags, type ListeningFlags } from './emulator-listening.js'

const listening = (
  environment: Record<string, string>,
  flags: ListeningFlags = {},
  options: { noKey?: boolean } = {},
) => emulatorListening(readConfig(withFlags(environment, flags, 'EMULATOR_PORT')), options)

describe('what the emulator listens on', () => {
  it('is this machine alone, without a key, where nobody said otherwise', () => {
    expect(listening({})).toEqual({ host: '127.0.0.1', port: 3001, allowedHosts: [], pushTo: [], key: false })
    expect(listening({ HOST: 'localhost' }).host).toBe('127.0.0.1')
  })

  it.each(['0.0.0.0', '192.168.1.5', '::'])('is never opened by HOST=%s, and the error says how', (HOST) => {
    for (const how of [
      `--host ${HOST} --allow-host NAME`,
      'EMULATOR_HOST',
      'EMULATOR_ALLOW_HOST',
      '--host 127.0.0.1',
    ])
      expect(() => listening({ HOST })).toThrow(how)
    expect(listening({ HOST }, { host: '127.0.0.1' }).host).toBe('127.0.0.1')
  })

  it('beyond it wants names', () => {
    for (const how of ['--allow-host NAME', 'EMULATOR_ALLOW_HOST=NAME'])
      expect(() => listening({}, { host: '0.0.0.0' })).toThrow(how)
    expect(() => listening({ EMULATOR_HOST: '0.0.0.0' }, {}, { noKey: true })).toThrow('--allow-host')
    expect(listening({ HOST: '0.0.0.0' }, { host: '0.0.0.0', allowHost: ['emulator'] })).toMatchObject({
      host: '0.0.0.0',
      allowedHosts: ['emulator'],
      key: undefined,
    })
  })

  it('asks for no key when it is told so, and for the one that it is given', () => {
    const flags = { host: '0.0.0.0', allowHost: ['emulator'] }
    expect(listening({}, flags, { noKey: true }).key).toBe(false)
    expect(listening({ EMULATOR_KEY: 'k'.repeat(16) }, flags).key).toBe('k'.repeat(16))
    expect(listening({ EMULATOR_KEY: 'k'.repeat(16) }).key).toBe('k'.repeat(16))
    expect(() => listening({ EMULATOR_KEY: 'short' })).toThrow(/EMULATOR_KEY .*yours has 5 characters/)
  })

  it('takes names from both the environment and the command line', () => {
    const environment = { EMULATOR_ALLOW_HOST: 'a,b', EMULATOR_PUSH_TO: 'c', EMULATOR_PORT: '4000' }
    const flags = { allowHost: ['d'], pushTo: ['e', '[::2]'], port: '0' }
    expect(listening(environment, flags)).toMatchObject({
      allowedHosts: ['a', 'b', 'd'],
      pushTo: ['c', 'e', '[::2]'],
      port: 0,
    })
    expect(() => listening({}, { port: 'x' })).toThrow(/EMULATOR_PORT must be/)
    expect(() => listening({}, { allowHost: ['http://x/'] })).toThrow(/EMULATOR_ALLOW_HOST must be/)
  })
})

it('the links carry the key behind the #, where no server sees it', () => {
  const at = { url: 'http://127.0.0.1:3001', port: 3001, key: 'KEY' }
  expect(phoneLinks(at, { allowedHosts: ['emulator', 'fd00::1'] })).toEqual([
    'http://127.0.0.1:3001/#key=KEY',
    'http://emulator:3001/#key=KEY',
    'http://[fd00::1]:3001/#key=KEY',
  ])
  expect(phoneLinks({ ...at, key: undefined }, { allowedHosts: [] })).toEqual(['http://127.0.0.1:3001/'])
})
