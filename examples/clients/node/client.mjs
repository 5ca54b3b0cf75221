// Calls the marketplace's open APIs with @huaweicloud/huaweicloud-sdk-core.
//
//   node client.mjs whoami
//   node client.mjs order-query MOCKPERIODYEARNEW
//   node client.mjs usage-push INSTANCE 20240105T030000Z 20240105T040000Z 12.5 SERIAL-1
//   node client.mjs licence-activate PL…          (two codes and more: by the batch interface)
//   node client.mjs licence-query PL…
//   node client.mjs licence-usage PL… device-1 device-2
//   node client.mjs licence-upload EV… FILE
//   node client.mjs asset ast_… software_package
//   node client.mjs buyer query-orders '{"limit": 5}'                   (any buyer-side API, by its path)

import builder from '@huaweicloud/huaweicloud-sdk-core/ClientBuilder.js'
import core from '@huaweicloud/huaweicloud-sdk-core'
import FormData from 'form-data'
import { createHash, createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

const PUBLIC = '/api/mkp-openapi-public/global'
const OPEN = `${PUBLIC}/v1`
const { YUNSHI_SERVER: server, YUNSHI_ACCESS_KEY: access, YUNSHI_SECRET_KEY: secret } = process.env

class Marketplace {
  constructor(client) {
    this.client = client
  }

  call(method, url, queryParams = {}, data = undefined, headers = {}) {
    return this.client.sendRequest({ method, url, contentType: 'application/json', queryParams, pathParams: {}, headers, data })
  }
}

// Besides AK and SK the body is signed with the key of class basic: over its keys in natural order.
function usagePush(market, [instance_id, begin_time, end_time, usage_value, metering_sn]) {
  const body = { usage_records: [{ begin_time, end_time, instance_id, metering_sn, record_time: end_time, usage_value }] }
  const [ts, nonce] = [String(Date.now()), randomUUID()]
  const signed = `ts=${ts}&nonce=${nonce}&body=${JSON.stringify(body)}`
  const signature = createHmac('sha256', process.env.YUNSHI_INTERFACE_KEY).update(signed).digest('base64')
  return market.call('POST', `${OPEN}/isv/usage-data`, {}, body, { signature, ts, nonce })
}

// One code by the first version of an interface, more by the second.
function licence(market, name, codes) {
  const [version, body] = codes.length === 1 ? ['v1', { license: codes[0] }] : ['v2', { license_list: codes }]
  return market.call('POST', `${PUBLIC}/${version}/license/${name}`, {}, body)
}

// The licence that a buyer asked for (on-line opening), as a form of two parts.
function upload(market, event, path) {
  const content = readFileSync(path)
  const said = { type: 'FILE', sha256: createHash('sha256').update(content).digest('hex'), file_name: basename(path) }
  const form = new FormData()
  form.append('isvUpdateFileReq', JSON.stringify(said), { contentType: 'application/json' })
  form.append('file', content, { filename: basename(path) })
  const contentType = 'multipart/form-data'
  const headers = { 'content-type': contentType }
  const url = `${OPEN}/market-event/${event}/file`
  return market.client.sendRequest({ method: 'POST', url, contentType, queryParams: {}, pathParams: {}, headers, data: form })
}

async function main([operation, ...more]) {
  const credentials = new core.GlobalCredentials().withAk(access).withSk(secret).withIamEndpoint(server)
  // With a region the SDK looks the account up first, as it does for services of the cloud.
  const region = new core.Region('yunshi', [server])
  const market = new builder.ClientBuilder((client) => new Marketplace(client), 'GlobalCredentials')
    .withCredential(credentials)
    .withRegion(region)
    .build()
  if (operation === 'whoami') return market.call('GET', '/v3/auth/domains')
  if (operation === 'order-query') {
    const [orderId, orderLineId] = more
    return market.call('GET', `${OPEN}/order/query`, orderLineId ? { orderId, orderLineId } : { orderId })
  }
  if (operation === 'usage-push') return usagePush(market, more)
  // Refused a second time with 92020003: then it is activated already; ask for its state.
  if (operation === 'licence-activate') return licence(market, 'activate', more)
  if (operation === 'licence-query') return licence(market, 'heartbeat', more)
  if (operation === 'asset') {
    const [asset_id, deployed_type, asset_version] = more
    const asked = asset_version ? { asset_id, asset_version, deployed_type } : { asset_id, deployed_type }
    return market.call('GET', '/api/mkp-openapi-public/v1/asset/deployed-object', asked)
  }
  if (operation === 'buyer') return market.call('POST', `${OPEN}/${more[0]}`, {}, JSON.parse(more[1]))
  if (operation === 'licence-upload') return upload(market, ...more)
  if (operation === 'licence-usage') {
    const [license, ...ids] = more
    const body = { usage_info: [{ license, software_usage_Info: ids.map((id) => ({ id })) }] }
    return market.call('POST', `${PUBLIC}/v2/license/software-usage-info`, {}, body)
  }
  throw new Error(
    'write: node client.mjs whoami | order-query ORDER [LINE] | usage-push INSTANCE BEGIN END VALUE SERIAL | licence-activate CODE… | ' +
      'licence-query CODE… | licence-usage CODE CLIENT… | licence-upload EVENT FILE | asset ASSET TYPE [VERSION] | buyer PATH JSON',
  )
}

try {
  console.log(JSON.stringify(await main(process.argv.slice(2))))
} catch (error) {
  const { httpStatusCode: status, errorCode: error_code, errorMsg: error_msg, requestId: request_id, message } = error
  console.error(JSON.stringify({ status, error_code, error_msg: error_msg ?? message, request_id }))
  process.exitCode = 1
}
