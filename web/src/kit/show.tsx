import { Tag, Tooltip, Typography } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../api/client'

type Money = Schemas['MoneyView']
type Text = Schemas['TextView']

const signs: Record<string, string> = { CNY: '¥', USD: '$', EUR: '€' }

/** An amount with its currency and two decimals. */
export const moneyText = (m: Money) => {
  const negative = m.amount.startsWith('-')
  const [whole = '0', cents = '00'] = m.amount.replace('-', '').split('.')
  return `${negative ? '−' : ''}${signs[m.currency] ?? `${m.currency} `}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${cents}`
}

export const MoneyShown = ({ of, strong }: { of: Money; strong?: boolean }) => (
  <span className={strong ? 'price' : 'num'}>{moneyText(of)}</span>
)

/** The reader's language of a text, else the other one. */
export function useText() {
  const { i18n } = useTranslation()
  return (text?: Text) => (i18n.language === 'en' ? text?.en || text?.zh : text?.zh || text?.en) ?? ''
}

/** A time in the reader's zone, with UTC on hover. */
export const Time = ({ at, date }: { at?: string | null; date?: boolean }) =>
  at ? (
    <Tooltip title={`${at} (UTC)`}>
      <time dateTime={at} className="num">{dayjs(at).format(date ? 'YYYY-MM-DD' : 'YYYY-MM-DD HH:mm:ss')}</time>
    </Tooltip>
  ) : (
    <span className="dim">–</span>
  )

/** An id that is copied by a click. */
export const Id = ({ of }: { of: string }) => (
  <Typography.Text className="mono" copyable={{ text: of }}>
    {of.length > 24 ? `${of.slice(0, 10)}…${of.slice(-6)}` : of}
  </Typography.Text>
)

const tones: Record<string, string> = {
  pending_payment: 'gold', processing: 'blue', completed: 'green', cancelled: 'default', refunded: 'default',
  opening: 'blue', running: 'green', frozen: 'red', released: 'default', failed: 'red',
  draft: 'default', in_review: 'blue', rejected: 'red', approved: 'green', none: 'default',
  on_sale: 'green', hidden: 'gold', unlisted: 'default', stopped: 'default',
  waiting: 'default', due: 'blue', done: 'green', pending: 'gold', confirmed: 'green', refused: 'red',
}

/** A state in words, with a colour beside it. */
export function State({ of }: { of: string }) {
  const { t } = useTranslation()
  return <Tag color={tones[of] ?? 'default'}>{t(`state.${of}`, { defaultValue: of })}</Tag>
}

const logoColours = ['#2747d8', '#0b7a75', '#8f3fb5', '#b3541e', '#1f6f8a', '#a3324f']

/** A square with the first letter of a name. */
export const Logo = ({ name }: { name: string }) => {
  const sum = [...name].reduce((n, c) => n + (c.codePointAt(0) ?? 0), 0)
  return (
    <div className="logo" aria-hidden style={{ background: logoColours[sum % logoColours.length] }}>
      {[...name][0]}
    </div>
  )
}
