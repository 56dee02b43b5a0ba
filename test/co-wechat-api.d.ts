/** As much of co-wechat-api, which has no types, as the tests use. */
declare module 'co-wechat-api' {
  export default class API {
    constructor(appId: string, appSecret: string)
    prefix: string
    getAccessToken(): Promise<{ accessToken: string; expireTime: number }>
    sendText(openId: string, text: string): Promise<{ errcode: number; errmsg: string }>
    sendImage(openId: string, mediaId: string): Promise<{ errcode: number; errmsg: string }>
    uploadImageMedia(path: string): Promise<{ type: string; media_id: string; created_at: number }>
    uploadMedia(file: Buffer, type: string, name: string, mime: string): Promise<{ media_id: string }>
    getMedia(mediaId: string): Promise<Buffer>
    getIp(): Promise<{ ip_list: string[] }>
  }
}
