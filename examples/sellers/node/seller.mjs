// A seller of SaaS 2.0 and 1.0, licences and the joint-SaaS kit with sign-on in one file, on Node's standard library alone.
//
//   SELLER_KEY=my-access-key SELLER_LISTEN=127.0.0.1:9003 node seller.mjs
//
// The marketplace posts in 2.0 and asks by GET in 1.0. It verifies the marketplace's signature over the raw bytes, gives the same
// instance for the same order line, and keeps everything in memory; yours will keep it in a database.
import {
  constants, createCipheriv, createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, privateDecrypt,
  randomBytes, timingSafeEqual,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
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
    const password = sealed(`pw-${id.slice(0, 8)}`)
    return { ...made, encryptType: '1', appInfo: { frontEndUrl: `${base}/app/${id}`, userName: sealed('admin'), password } }
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

/** The kit: tenants with their departments, people and credential; adding or deleting twice succeeds. */
const tenants = new Map()
const keys = process.env.SELLER_PRIVATE_KEY
  ? { privateKey: createPrivateKey(readFileSync(process.env.SELLER_PRIVATE_KEY)) }
  : generateKeyPairSync('rsa', { modulusLength: 3072 })
const publicKey = createPublicKey(keys.privateKey).export({ type: 'spki', format: 'pem' })

/** Encrypted for our public key: RSA-OAEP with SHA-256. */
const decryption = { key: keys.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
const opened = (secret) => privateDecrypt(decryption, Buffer.from(secret, 'base64')).toString()

const put = (map, id, value, flag) => (flag === 0 || flag === 3 ? map.delete(id) : map.set(id, value))

const syncs = {
  tenantSync: (sent) => put(tenants, sent.instanceId, { ...sent, departments: new Map(), people: new Map() }, sent.flag),
  allOrgSync: ({ orgInfo }, tenant) => JSON.parse(orgInfo).forEach((d) => tenant.departments.set(d.orgCode, d)),
  singleOrgSync: (sent, tenant) => put(tenant.departments, sent.orgCode, sent, sent.flag),
  applicationSync: (sent, tenant) => {
    tenant.credential = sent.flag === 0 ? undefined : { id: sent.clientId, secret: opened(sent.clientSecret) }
  },
  authSync: (sent, tenant) => {
    // The list is text in 1.0.
    const users = typeof sent.userList === 'string' ? JSON.parse(sent.userList) : sent.userList
    users.forEach((user) => put(tenant.people, user.userName, user, sent.flag))
  },
}

/** Whether a call of the kit is: 2.0 signs the body in its headers, 1.0 the fields with the token of SaaS 1.0. */
function genuine({ headers, url }, body, sent) {
  if (!url.includes('/produceAPI/v2/')) {
    const joined = Object.keys(sent).sort().map((name) => `${name}=${sent[name]}`).join('&')
    return same(hmacBase64(key + sent.timeStamp, joined), headers.authtoken ?? '')
  }
  const { 'x-timestamp': timestamp = '', 'x-nonce': nonce = '', 'x-sign': sign = '' } = headers
  const isFresh = Math.abs(Date.now() - Number(timestamp)) <= freshMs
  return isFresh && same(hmacHex(Buffer.concat([Buffer.from(key + nonce + timestamp), body])), sign.toLowerCase())
}

function sync(request, body) {
  const name = new URL(request.url, 'http://x').pathname.split('/').at(-1)
  const sent = JSON.parse(body.toString('utf8'))
  if (!genuine(request, body, sent)) return { resultCode: '000001', resultMsg: 'not genuine' }
  if (!Object.hasOwn(syncs, name)) return { resultCode: '000002', resultMsg: 'unknown call' }
  const tenant = tenants.get(sent.instanceId) ?? { departments: new Map(), people: new Map() }
  try {
    syncs[name](sent, tenant)
  } catch (problem) {
    // The debugger's client secret is no real one.
    if (sent.testFlag !== 1) return { resultCode: '000002', resultMsg: String(problem) }
  }
  return success()
}

/** Sign-on: people are sent to the marketplace and come back with a code; PKCE proves that it is ours to use. */
const logins = new Map()
const platform = process.env.SELLER_PLATFORM ?? 'http://127.0.0.1:8080'
const base64url = (data) => Buffer.from(data).toString('base64url')

function logIn(base) {
  const tenant = [...tenants.values()].find((t) => t.credential)
  if (!tenant) return { status: 404, text: 'nobody has bound this application' }
  const [state, verifier] = [base64url(randomBytes(16)), base64url(randomBytes(32))]
  logins.set(state, { verifier, credential: tenant.credential })
  const asked = new URLSearchParams({
    response_type: 'code', client_id: tenant.credential.id, redirect_uri: `${base}/callback`, scope: 'openid profile', state,
    code_challenge: base64url(createHash('sha256').update(verifier).digest()), code_challenge_method: 'S256',
  })
  return { status: 302, location: `${platform}/api/v1/oauth2/authorize?${asked}` }
}

async function callback(query, base) {
  const login = logins.get(query.get('state'))
  logins.delete(query.get('state'))
  if (!login) return { status: 400, text: 'this log-in was not begun here' }
  if (query.get('error')) return { status: 403, text: `${query.get('error')}: ${query.get('error_description') ?? ''}` }
  const form = {
    grant_type: 'authorization_code', code: query.get('code'), redirect_uri: `${base}/callback`, code_verifier: login.verifier,
    client_id: login.credential.id, client_secret: login.credential.secret,
  }
  const tokens = await (await fetch(`${platform}/api/v1/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })).json()
  if (!tokens.access_token) return { status: 403, text: `${tokens.error}: ${tokens.error_description}` }
  const headers = { Authorization: `Bearer ${tokens.access_token}` }
  const user = await (await fetch(`${platform}/api/v1/oauth2/userinfo`, { headers })).json()
  const known = tenants.get(user.instance_id)?.people.get(user.preferred_username)
  if (!known) return { status: 403, text: 'you were not announced' }
  return { status: 200, text: `Welcome ${user.name} (${known.role}, ${known.orgCode})` }
}

/** Pages for people, beside the calls of the marketplace. */
async function page(url, base) {
  if (url.pathname.endsWith('/login')) return logIn(base)
  if (url.pathname.endsWith('/callback')) return callback(url.searchParams, base)
  if (url.pathname.endsWith('/public-key')) return { status: 200, text: publicKey }
  return null
}

function answer(request, body, base) {
  if (request.method === 'GET') return answerV1(request, base)
  if (request.url.includes('/produceAPI/')) return sync(request, body)
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
  const origin = `http://${request.headers.host ?? listen}`
  const shown = request.method === 'GET' ? await page(new URL(request.url, origin), origin) : null
  if (shown) {
    response.writeHead(shown.status, shown.location ? { Location: shown.location } : { 'Content-Type': 'text/plain;charset=utf-8' })
    return response.end(shown.text)
  }
  const text = JSON.stringify(answer(request, Buffer.concat(chunks), origin))
  // Signed as 1.0 wants it; 2.0 does not look.
  const sign = `sign_type="HMAC-SHA256", signature="${hmacBase64(key, text)}"`
  const length = Buffer.byteLength(text)
  response.writeHead(200, { 'Content-Type': 'application/json;charset=utf-8', 'Content-Length': length, 'Body-Sign': sign })
  response.end(text)
})

const [host, port] = listen.split(':')
server.listen(Number(port), host, () => console.log(`listening on http://${host}:${server.address().port}`))
