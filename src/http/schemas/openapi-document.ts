import { z } from 'zod'

const object = z.record(z.string(), z.unknown())

/** OpenAPI 3.1, as far as this API says it. */
export const openApiDocument = z.object({
  openapi: z.literal('3.1.0'),
  info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
  servers: z.array(z.object({ url: z.string() })),
  security: z.array(z.object({ apiKey: z.array(z.string()) })),
  paths: z.record(z.string(), object),
  components: z.object({ schemas: object, securitySchemes: object }),
})
export type OpenApiDocument = z.infer<typeof openApiDocument>
