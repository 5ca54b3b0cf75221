// A SaaS 2.0 seller in one file, on Node's standard library alone.
//
//   SELLER_KEY=my-access-key SELLER_LISTEN=127.0.0.1:9003 node seller.mjs
//
// It verifies the marketplace's signature over the raw bytes, gives the same instance for the same order line,
// and keeps everything in memory; yours will keep it in a database.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const key = process.env.SELLER_KEY ?? 'seller-key-for-trials'
const listen = process.env.SELLER_LISTEN ?? '127.0.0.1:9003'
const freshMs = 60_000

const instanceOfLine = new Map()
const instances = new Map()

const hmacHex = (data) => createHmac('sha256', key).update(data).digest('hex')

/** The result code that refuses a request, or null when it is genuine. */
function refusal(query, body) {
  const [timestamp, nonce, signature] = ['timestamp', 'nonce', 'signature'].map((name) => query.get(name) ?? '')
  if (!timestamp || !nonce) return '000002'
  if (!/^\d+$/.test(timestamp) || Date.now() - Number(timestamp) > freshMs) return '000001'
  const expected = Buffer.from(hmacHex(key + nonce + timestamp + hmacHex(body)))
  const given = Buffer.from(signature.toLowerCase())
  return expected.length === given.length && timingSafeEqual(expected, given) ? null : '000001'
}

const success = (more = {}) => ({ resultCode: '000000', resultMsg: 'success', ...more })

function change(id, values) {
  const instance = instances.get(id)
  if (!instance) return { resultCode: '000003', resultMsg: 'no such instance' }
  Object.assign(instance, values)
  return success()
}

function create({ orderLineId, businessId }) {
  if (!orderLineId || !businessId) return { resultCode: '000002', resultMsg: 'orderLineId and businessId are mandatory' }
  if (!instanceOfLine.has(orderLineId)) instanceOfLine.set(orderLineId, businessId)
  const instanceId = instanceOfLine.get(orderLineId)
  if (instances.get(instanceId)?.released ?? true) instances.set(instanceId, { frozen: false, released: false })
  return success({ instanceId })
}

function query({ instanceId = '' }, base) {
  const info = instanceId
    .split(',')
    .filter((id) => instances.get(id)?.released === false)
    .map((id) => ({
      instanceId: id,
      appInfo: { frontEndUrl: `${base}/app/${id}`, userName: 'admin', password: `pw-${id.slice(0, 8)}` },
    }))
  return success({ info })
}

const activities = {
  newInstance: create,
  queryInstance: query,
  refreshInstance: ({ instanceId, expireTime }) => change(instanceId, { expires: expireTime }),
  updateInstanceStatus: ({ instanceId, status }) => change(instanceId, { frozen: status === 'FREEZE' }),
  upgradeInstance: ({ instanceId }) => change(instanceId, { upgraded: true }),
  releaseInstance: ({ instanceId }) => change(instanceId, { released: true }),
}

function answer(request, body, base) {
  const code = refusal(new URL(request.url, base).searchParams, body)
  if (code) return { resultCode: code, resultMsg: 'not genuine' }
  try {
    const sent = JSON.parse(body.toString('utf8'))
    const activity = Object.hasOwn(activities, sent.activity) ? activities[sent.activity] : undefined
    return activity ? activity(sent, base) : { resultCode: '000002', resultMsg: 'unknown activity' }
  } catch {
    return { resultCode: '000002', resultMsg: 'the body is not JSON' }
  }
}

const server = createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const text = JSON.stringify(answer(request, Buffer.concat(chunks), `http://${request.headers.host ?? listen}`))
  response.writeHead(200, { 'Content-Type': 'application/json;charset=utf-8', 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
})

const [host, port] = listen.split(':')
server.listen(Number(port), host, () => console.log(`listening on http://${host}:${server.address().port}`))
