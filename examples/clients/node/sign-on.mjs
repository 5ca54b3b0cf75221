// An application that people of a buyer sign on to, with openid-client: authorisation code with PKCE, the id token's
// signature, userinfo, refresh, revocation and log-out. It prints the address to open in a browser, takes on standard
// input the address that the browser was sent back to, and prints what it learnt.
//
// YUNSHI_SERVER=https://… CLIENT_ID=… CLIENT_SECRET=… REDIRECT_URI=https://app.example.com/callback node sign-on.mjs

import { createInterface } from 'node:readline/promises'
import * as oidc from 'openid-client'

const { YUNSHI_SERVER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env
const issuer = new URL(YUNSHI_SERVER)
// Only a sandbox on this machine is called without TLS.
const execute = [oidc.enableNonRepudiationChecks, ...(issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [])]
const config = await oidc.discovery(issuer, CLIENT_ID, CLIENT_SECRET, undefined, { execute })

const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()]
const address = oidc.buildAuthorizationUrl(config, {
  redirect_uri: REDIRECT_URI,
  scope: 'openid profile email',
  code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
  nonce: expectedNonce,
})
console.log(address.href)

const lines = createInterface({ input: process.stdin })
const { value: back } = await lines[Symbol.asyncIterator]().next()
lines.close()
const expected = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
const tokens = await oidc.authorizationCodeGrant(config, new URL(back), expected)
const claims = tokens.claims()
const person = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token)
const again = await oidc.fetchUserInfo(config, fresh.access_token, claims.sub)
const logOut = oidc.buildEndSessionUrl(config, { id_token_hint: fresh.id_token ?? tokens.id_token })
await oidc.tokenRevocation(config, fresh.refresh_token)
const revoked = await oidc.fetchUserInfo(config, fresh.access_token, claims.sub).then(() => false, () => true)
console.log(JSON.stringify({ claims, person, again, revoked, log_out: logOut.href }))
