// Verifies a licence file without network, with nothing but Node.
//
//     node verify.mjs LICENCE_FILE KEYS_FILE [FINGERPRINT [NOW]]
//
// KEYS_FILE is the seller's JSON Web Key Set; a program has it built in. FINGERPRINT is MAC addresses, disk, board and
// CPU serials joined by |, needed for a file that is bound to a machine. NOW is in seconds since 1970, for trying.
// Prints JSON; exit code 0 for a good file, 1 for a refused one.

import { createHash, createPublicKey, verify as signedBy } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The clock of a machine may be so many seconds behind. */
const SKEW = 300

export class Refused extends Error {}

const decode = (part) => Buffer.from(part, 'base64url')

function headerOf(part) {
  try {
    const header = JSON.parse(decode(part))
    if (header.alg === 'EdDSA' && header.typ === 'licence+jwt') return header
  } catch {
    // Said below.
  }
  throw new Refused('malformed')
}

/** Hashes of a machine's parts; a part is a set, empty when it is not known. */
export function fingerprintOf(text) {
  const hash = (one) => createHash('sha256').update(one).digest('hex').slice(0, 32)
  const parts = text.split('|').map((part) => {
    const ones = part.split(',').map((one) => one.trim().toUpperCase()).filter(Boolean)
    return [...new Set(ones.map(hash))].sort()
  })
  if (parts.length > 8 || parts.every((part) => part.length === 0)) throw new Refused('bad fingerprint')
  return parts
}

/** Every part is the same, or more than half of those that are known of both. */
export function sameMachine({ exact, parts }, here) {
  if (exact) return JSON.stringify(parts) === JSON.stringify(here)
  const known = parts.map((part, i) => [part, here[i] ?? []]).filter(([a, b]) => a.length && b.length)
  const alike = known.filter(([a, b]) => a.some((one) => b.includes(one)))
  return 2 * alike.length > known.length
}

/** What a file allows; throws Refused with the reason. */
export function verify(file, keys, now, fingerprint) {
  const parts = file.trim().split('.')
  if (parts.length !== 3) throw new Refused('malformed')
  const [head, body, signature] = parts
  const header = headerOf(head)
  const jwk = keys.keys.find((k) => k.crv === 'Ed25519' && k.kid === header.kid)
  if (!jwk) throw new Refused('unknown key')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: jwk.x }, format: 'jwk' })
  if (!signedBy(null, Buffer.from(`${head}.${body}`), key, decode(signature))) throw new Refused('bad signature')
  const claims = JSON.parse(decode(body))
  if (now + SKEW < claims.iat) throw new Refused("not yet valid: the machine's clock is behind")
  if (claims.exp != null && claims.exp <= now) throw new Refused('expired')
  if (claims.machine) {
    if (fingerprint === undefined) throw new Refused("the machine's fingerprint is needed")
    if (!sameMachine(claims.machine, fingerprintOf(fingerprint))) throw new Refused('for another machine')
  }
  const grace = claims.expires != null && claims.expires <= now
  return { standing: grace ? 'grace' : 'valid', features: claims.features, quantity: claims.quantity }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, keys, fingerprint, now] = process.argv.slice(2)
  try {
    const time = now ? Number(now) : Math.floor(Date.now() / 1000)
    console.log(JSON.stringify(verify(readFileSync(file, 'utf8'), JSON.parse(readFileSync(keys, 'utf8')), time, fingerprint || undefined)))
  } catch (e) {
    if (!(e instanceof Refused)) throw e
    console.log(JSON.stringify({ refused: e.message }))
    process.exitCode = 1
  }
}
