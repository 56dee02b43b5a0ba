/** `kefu/emulator`: WeChat on this machine, for development and for tests. */
export { createEmulator, type Emulator, type EmulatorOptions, type FaultControl } from './emulator.js'
export { makeSecrets, type Secrets } from './secrets.js'
export type { UserHandle } from './user-handle.js'
export type * from './protocol.js'
export type * from './protocol-setup.js'
