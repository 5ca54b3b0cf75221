// Calls the marketplace's open APIs with @huaweicloud/huaweicloud-sdk-core.
//
//   node client.mjs whoami
//   node client.mjs order-query MOCKPERIODYEARNEW

import builder from '@huaweicloud/huaweicloud-sdk-core/ClientBuilder.js'
import core from '@huaweicloud/huaweicloud-sdk-core'

const OPEN = '/api/mkp-openapi-public/global/v1'
const { YUNSHI_SERVER: server, YUNSHI_ACCESS_KEY: access, YUNSHI_SECRET_KEY: secret } = process.env

class Marketplace {
  constructor(client) {
    this.client = client
  }

  call(method, url, queryParams = {}, data = undefined) {
    return this.client.sendRequest({ method, url, contentType: 'application/json', queryParams, pathParams: {}, headers: {}, data })
  }
}

async function main([operation, ...more]) {
  const credentials = new core.GlobalCredentials().withAk(access).withSk(secret).withIamEndpoint(server)
  // With a region the SDK looks the account up first, as it does for services of the cloud.
  const region = new core.Region('yunshi', [server])
  const market = new builder.ClientBuilder((client) => new Marketplace(client), 'GlobalCredentials').withCredential(credentials).withRegion(region).build()
  if (operation === 'whoami') return market.call('GET', '/v3/auth/domains')
  if (operation === 'order-query') {
    const [orderId, orderLineId] = more
    return market.call('GET', `${OPEN}/order/query`, orderLineId ? { orderId, orderLineId } : { orderId })
  }
  throw new Error('write: node client.mjs whoami | order-query ORDER [LINE]')
}

try {
  console.log(JSON.stringify(await main(process.argv.slice(2))))
} catch (error) {
  const { httpStatusCode: status, errorCode: error_code, errorMsg: error_msg, requestId: request_id, message } = error
  console.error(JSON.stringify({ status, error_code, error_msg: error_msg ?? message, request_id }))
  process.exitCode = 1
}
