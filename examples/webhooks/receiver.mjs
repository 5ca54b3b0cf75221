// Receives webhooks of the marketplace, checked with the public `standardwebhooks` library.
//
//     SECRET=whsec_… node receiver.mjs 0
//
// prints the port that it listens on, then one JSON line for each message: what it was, or why it was refused.
// A message comes at least once: a receiver remembers `webhook-id` and does the same only once.

import { createServer } from 'node:http'
import { createRequire } from 'node:module'

// The libraries of the other examples in Node are used here too.
const { Webhook } = createRequire(new URL('../clients/node/', import.meta.url))('standardwebhooks')
const webhook = new Webhook(process.env.SECRET)

const server = createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  let said
  try {
    const message = webhook.verify(Buffer.concat(parts).toString(), request.headers)
    said = { id: request.headers['webhook-id'], type: message.type }
    response.statusCode = 204
  } catch (e) {
    said = { refused: String(e.message) }
    response.statusCode = 401
  }
  console.log(JSON.stringify(said))
  response.end()
})
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log(server.address().port))
