// A seller of SaaS 2.0 and 1.0 in one file, on Node's standard library alone.
//
//   SELLER_KEY=my-access-key SELLER_LISTEN=127.0.0.1:9003 node seller.mjs
//
// The marketplace posts in 2.0 and asks by GET in 1.0. It verifies the marketplace's signature over the raw bytes, gives the same instance for the same order line,
// and keeps everything in memory; yours will keep it in a database.
import { createCipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const key = process.env.SELLER_KEY ?? 'seller-key-for-trials'
const listen = process.env.SELLER_LISTEN ?? '127.0.0.1:9003'
const freshMs = 60_000

const instanceOfLine = new Map()
const instances = new Map()

const hmacHex = (data) => createHmac('sha256', key).update(data).digest('hex')

const hmacBase64 = (withKey, data) => createHmac('sha256', withKey).update(data).digest('base64')

const same = (one, other) => one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))

/** The parameters of a 1.0 call, or the result code that refuses it: all but authToken are signed. */
function parametersV1(query) {
  const pairs = query.split('&').map((pair) => [pair.split('=', 1)[0], decodeURIComponent(pair.slice(pair.indexOf('=') + 1))])
  const { authToken = '', ...sent } = Object.fromEntries(pairs)
  if (!sent.timeStamp || !sent.activity) return '000002'
  const joined = Object.keys(sent).sort().map((name) => `${name}=${sent[name]}`).join('&')
  return same(hmacBase64(key + sent.timeStamp, joined), authToken) ? sent : '000001'
}

/** The first bytes of Java's SHA1PRNG seeded with the access key: the AES key of 1.0. */
function javaKey(length) {
  const sha1 = (data) => createHash('sha1').update(data).digest()
  const state = new Int8Array(sha1(key))
  let stream = Buffer.alloc(0)
  while (stream.length < length) {
    const block = new Int8Array(sha1(Buffer.from(state.buffer)))
    stream = Buffer.concat([stream, Buffer.from(block.buffer)])
    let carry = 1
    let changed = false
    for (let i = 0; i < state.length; i += 1) {
      const sum = state[i] + block[i] + carry
      const before = state[i]
      state[i] = sum
      changed ||= state[i] !== before
      carry = sum >> 8
    }
    if (!changed) state[0] += 1
  }
  return stream.subarray(0, length)
}

/** 16 letters and digits, then base64 of AES-256-CBC under them. */
function sealed(text) {
  const iv = randomBytes(8).toString('hex')
  const cipher = createCipheriv('aes-256-cbc', javaKey(32), iv)
  return iv + Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64')
}

/** The result code that refuses a request, or null when it is genuine. */
function refusal(query, body) {
  const [timestamp, nonce, signature] = ['timestamp', 'nonce', 'signature'].map((name) => query.get(name) ?? '')
  if (!timestamp || !nonce) return '000002'
  if (!/^\d+$/.test(timestamp) || Date.now() - Number(timestamp) > freshMs) return '000001'
  return same(hmacHex(key + nonce + timestamp + hmacHex(body)), signature.toLowerCase()) ? null : '000001'
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
  // May it become what productInfo says? Here it always may.
  changeInstanceCheck: ({ instanceId }) => change(instanceId, {}),
  releaseInstance: ({ instanceId }) => change(instanceId, { released: true }),
  // Now ask what was bought: the order query, see examples/clients.
  orderNotify: () => success(),
  // Taken; the licence is uploaded later, see examples/clients: licence-upload.
  getLicenseAsync: ({ instanceId }) => {
    const answer = change(instanceId, {})
    return answer.resultCode === '000000' ? { ...answer, resultCode: '000004' } : answer
  },
  refreshLicenseCode: () => success(),
  updateLicenseCodeStatus: () => success(),
  releaseLicenseCode: () => success(),
}

/** 1.0: the order is named without its line, the data come with the creation, the end has its own activity. */
const activitiesV1 = {
  ...activities,
  newInstance: ({ orderId, productId, businessId }, base) => {
    const made = create({ orderLineId: `${orderId} ${productId}`, businessId })
    const id = made.instanceId
    return { ...made, encryptType: '1', appInfo: { frontEndUrl: `${base}/app/${id}`, userName: sealed('admin'), password: sealed(`pw-${id.slice(0, 8)}`) } }
  },
  refreshInstance: ({ instanceId, expireTime }) => change(instanceId, { expires: expireTime, frozen: false }),
  expireInstance: ({ instanceId }) => change(instanceId, { frozen: true }),
  // Licence 1.x: the licence comes with the purchase, and the same one each time.
  getLicense: ({ orderId, productId, businessId }) => {
    const made = create({ orderLineId: `${orderId} ${productId}`, businessId })
    return { ...made, license: `LICENCE-${made.instanceId}` }
  },
  refreshLicense: ({ instanceId, expireTime }) => change(instanceId, { expires: expireTime, frozen: false }),
  expireLicense: ({ instanceId }) => change(instanceId, { frozen: true }),
  releaseLicense: ({ instanceId }) => change(instanceId, { released: true }),
  upgrade: activities.upgradeInstance,
}

function answerV1(request, base) {
  const sent = parametersV1(new URL(request.url, base).search.slice(1))
  if (typeof sent === 'string') return { resultCode: sent, resultMsg: 'not genuine' }
  const activity = Object.hasOwn(activitiesV1, sent.activity) ? activitiesV1[sent.activity] : undefined
  return activity ? activity(sent, base) : { resultCode: '000002', resultMsg: 'unknown activity' }
}

/** The kit: tenants, users, departments; adding or deleting twice succeeds. */
function sync({ 'x-timestamp': timestamp = '', 'x-nonce': nonce = '', 'x-sign': sign = '' }, body) {
  const genuine = same(hmacHex(Buffer.concat([Buffer.from(key + nonce + timestamp), body])), sign.toLowerCase())
  return genuine ? success() : { resultCode: '000001', resultMsg: 'not genuine' }
}

function answer(request, body, base) {
  if (request.method === 'GET') return answerV1(request, base)
  if (request.url.includes('/produceAPI/v2/')) return sync(request.headers, body)
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
  // Signed as 1.0 wants it; 2.0 does not look.
  const sign = `sign_type="HMAC-SHA256", signature="${hmacBase64(key, text)}"`
  response.writeHead(200, { 'Content-Type': 'application/json;charset=utf-8', 'Content-Length': Buffer.byteLength(text), 'Body-Sign': sign })
  response.end(text)
})

const [host, port] = listen.split(':')
server.listen(Number(port), host, () => console.log(`listening on http://${host}:${server.address().port}`))
