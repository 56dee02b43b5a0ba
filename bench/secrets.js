/** What the load and the subjects share; good for nothing else. */
export const secrets = {
  appId: 'wx0123456789abcdef',
  token: 'benchtoken',
  encodingAESKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
}
