import { Tag, Tooltip, Typography } from 'antd'
import dayjs from 'dayjs'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../api/client'
import { zoneOf } from '../api/site'
import { useNow } from './session'

type Money = Schemas['MoneyView']
type Text = Schemas['TextView']

const signs: Record<string, string> = { CNY: '¥', USD: '$', EUR: '€' }

/** An amount with its currency, in the decimals of the currency. */
export const moneyText = (m: Money) => {
  const negative = m.amount.startsWith('-')
  const [whole = '0', part] = m.amount.replace('-', '').split('.')
  return `${negative ? '−' : ''}${signs[m.currency] ?? `${m.currency} `}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${part ? `.${part}` : ''}`
}

/** A quantity with its thousands apart. */
export const numberText = (n: string) => {
  const [whole = '', part] = n.split('.')
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${part ? `.${part}` : ''}`
}

/** The amounts in words of the server as they stand elsewhere on the page. */
export const withSigns = (words: string) =>
  words.replace(/\b([A-Z]{3}) (\d+(?:\.\d+)?)/g, (all, currency: string, amount: string) =>
    currency in signs ? moneyText({ amount, currency }) : all,
  )

/** Words of the server as a sentence: they begin small where they stand within one. */
export const sentence = (words?: string | null) => (words ? words.charAt(0).toUpperCase() + words.slice(1) : '')

export const MoneyShown = ({ of, strong }: { of: Money; strong?: boolean }) => (
  <span className={strong ? 'price' : 'num'}>{moneyText(of)}</span>
)

/** The reader's language of a text, else the other one. */
export function useText() {
  const { i18n } = useTranslation()
  return (text?: Text) => (i18n.language === 'en' ? text?.en || text?.zh : text?.zh || text?.en) ?? ''
}

/** A moment as a clock in a zone shows it. */
const inZone = (at: string, zone: string) => {
  try {
    return `${new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: zone }).format(new Date(at))} (${zone})`
  } catch {
    return `${at} (UTC)` // an older browser does not know offsets as zones
  }
}

/** A time in the reader's zone, as it stands in a sentence. */
export const timeText = (at?: string | null) => (at ? dayjs(at).format('YYYY-MM-DD HH:mm') : '')

/** A time in the reader's zone, with that of the site on hover. */
export const Time = ({ at, date }: { at?: string | null; date?: boolean }) =>
  at ? (
    <Tooltip title={inZone(at, zoneOf())}>
      <time dateTime={at} className="num">
        {dayjs(at).format(date ? 'YYYY-MM-DD' : 'YYYY-MM-DD HH:mm:ss')}
      </time>
    </Tooltip>
  ) : (
    <span className="dim">–</span>
  )

/** How long ago something was, in the largest unit that is not zero. */
export function Since({ at }: { at: string }) {
  const { i18n } = useTranslation()
  const passed = useNow().diff(dayjs(at), 'minute')
  const [value, unit] =
    passed < 60
      ? [passed, 'minute' as const]
      : passed < 48 * 60
        ? [Math.floor(passed / 60), 'hour' as const]
        : [Math.floor(passed / 1440), 'day' as const]
  return (
    <Tooltip title={inZone(at, zoneOf())}>
      <time dateTime={at}>
        {new Intl.RelativeTimeFormat(i18n.language, { numeric: 'always' }).format(-value, unit)}
      </time>
    </Tooltip>
  )
}

/** An id that is copied by a click. */
export const Id = ({ of }: { of: string }) => (
  <Typography.Text className="mono" copyable={{ text: of }}>
    {of.length > 24 ? `${of.slice(0, 10)}…${of.slice(-6)}` : of}
  </Typography.Text>
)

const tones: Record<string, string> = {
  pending_payment: 'gold',
  processing: 'blue',
  completed: 'green',
  cancelled: 'default',
  refunded: 'default',
  opening: 'blue',
  running: 'green',
  frozen: 'red',
  released: 'default',
  failed: 'red',
  draft: 'default',
  in_review: 'blue',
  rejected: 'red',
  approved: 'green',
  none: 'default',
  on_sale: 'green',
  hidden: 'gold',
  unlisted: 'default',
  stopped: 'default',
  waiting: 'default',
  due: 'blue',
  done: 'green',
  pending: 'gold',
  confirmed: 'green',
  refused: 'red',
  asked: 'gold',
  delivered: 'green',
  not_activated: 'gold',
  alive: 'green',
  expired: 'red',
  open: 'blue',
  waiting_for_seller: 'gold',
  waiting_for_platform: 'gold',
  waiting_for_return: 'gold',
  waiting_for_inspection: 'gold',
  withdrawn: 'default',
  accepted: 'blue',
  charged: 'green',
  corrected: 'default',
}

/** A state in words, with a colour beside it. */
export function State({ of }: { of: string }) {
  const { t } = useTranslation()
  return <Tag color={tones[of] ?? 'default'}>{t(`state.${of}`, { defaultValue: of })}</Tag>
}

/** Words that a person wrote, in a column: they take several lines and make the table no wider. */
export const Words = ({ children, width = 320 }: { children?: ReactNode; width?: number }) => (
  <div className="prose" style={{ maxWidth: width, minWidth: 120, whiteSpace: 'normal' }}>
    {children}
  </div>
)

/** How many rows a list has, as far as its first page says. */
export const countText = (rows?: unknown[], next?: string | null) => (rows ? `${rows.length}${next ? '+' : ''}` : '…')

/** A picture of the marketplace. */
export const pictureUrl = (id: string) => `/api/v1/pictures/${id}`

const logoColours = ['#2747d8', '#0b7a75', '#8f3fb5', '#b3541e', '#1f6f8a', '#a3324f']

/** The logo of a product, else a square with the first letter of its name. */
export const Logo = ({ name, picture }: { name: string; picture?: string | null }) => {
  if (picture) return <img className="logo" src={pictureUrl(picture)} alt="" />
  const sum = [...name].reduce((n, c) => n + (c.codePointAt(0) ?? 0), 0)
  return (
    <div className="logo" aria-hidden style={{ background: logoColours[sum % logoColours.length] }}>
      {[...name][0]}
    </div>
  )
}
