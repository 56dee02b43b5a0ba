import { Bot, MemoryInbox, type Sender } from 'kefu'
import { createEmulator, type Emulator } from 'kefu/emulator'
import { limits } from 'kefu/wechat'

const api: Sender = { send: async () => undefined, setTyping: async () => undefined }
export const inbox = new MemoryInbox(new Bot({ api }))
export const start: () => Promise<Emulator> = createEmulator
console.log(`texts have at most ${limits.textBytes} bytes`)
