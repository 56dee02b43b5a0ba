/** node-easywechat on Koa. Its app and its server hold one request each, so every push makes them anew. */
import Koa from 'koa'
import { MiniApp, ServerRequest } from 'node-easywechat'
import { secrets } from '../secrets.js'
import { handle, serve } from './serve.js'

const config = {
  app_id: secrets.appId,
  secret: 'unused',
  token: secrets.token,
  aes_key: secrets.encodingAESKey,
}

const app = new Koa()
app.use(async (ctx) => {
  const miniApp = new MiniApp(config)
  miniApp.setRequest(await ServerRequest.createFromIncomingMessage(ctx.req))
  const server = miniApp.getServer()
  server.addMessageListener('text', async (message) => handle(message.Content))
  const response = await server.serve()
  ctx.status = response.getStatusCode()
  ctx.body = response.getBody()
})
serve(app.callback())
