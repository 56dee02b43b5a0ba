import type Koa from 'koa'
import { ConfigError } from 'kefu'

export interface Served {
  readonly url: string
  close(): Promise<void>
}

/** Serves an app; resolves once it can be reached. Throws ConfigError when the address can't be had. */
export async function serve(app: Koa, port = 0, host = '127.0.0.1'): Promise<Served> {
  const server = app.listen(port, host)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new ConfigError(`Can’t listen on ${host}:${port}. Choose another PORT.`, { cause: error }))
    })
    server.once('listening', resolve)
  })
  const address = server.address()
  return {
    url: `http://${host}:${typeof address === 'object' && address ? address.port : port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}
