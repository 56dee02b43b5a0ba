import { expect, it } from 'vitest'
import { readAddress } from './push-address.js'

it.each([
  ['', '', 'empty'],
  ['  ', '', 'empty'],
  ['kefu.example.com', 'https://kefu.example.com', null],
  [' https://kefu.example.com/wechat/wx1?x=1 ', 'https://kefu.example.com', null],
  ['https://kefu.example.com:443', 'https://kefu.example.com', null],
  ['HTTP://Kefu.Example.com:80/', 'http://kefu.example.com', 'http'],
  ['kefu.example.com:3000', 'https://kefu.example.com:3000', 'port'],
  ['客服.example.com', 'https://xn--ubtq9x.example.com', null],
  ['localhost:3000', 'https://localhost:3000', 'local'],
  ['127.0.0.1', 'https://127.0.0.1', 'local'],
  ['10.1.2.3', 'https://10.1.2.3', 'local'],
  ['172.20.0.1', 'https://172.20.0.1', 'local'],
  ['172.32.0.1', 'https://172.32.0.1', null],
  ['http://[::1]:3000', 'http://[::1]:3000', 'local'],
  ['http://[fd00::1]', 'http://[fd00::1]', 'local'],
  ['nas.local', 'https://nas.local', 'local'],
  ['kefu', 'https://kefu', 'invalid'],
  ['not a host', '', 'invalid'],
  ['ftp://kefu.example.com', '', 'invalid'],
  ['https://me@kefu.example.com', '', 'invalid'],
])('%j leads to %j with %j to say', (typed, base, problem) => {
  expect(readAddress(typed)).toEqual({ base, problem })
})
