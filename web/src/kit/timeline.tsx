import { Timeline as AntTimeline } from 'antd'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../api/client'
import { moneyText, sentence, Time, useText, withSigns } from './show'

const colours: Record<string, string> = { good: 'green', bad: 'red', plain: 'blue', next: 'gray' }

type Item = Schemas['TimelineItem']

/** An amount as it is stored; early entries were written without their currency. */
const stored = (amount: string, currency: unknown) =>
  typeof currency === 'string' ? moneyText({ amount, currency }) : amount

/** What the cap of a side is from then on. */
const capText = (data: Record<string, unknown>, t: TFunction) => {
  const side = t(`role.${String(data['side'])}`)
  if (typeof data['amount'] !== 'string') return t('timeline.cap_removed', { side })
  const action = t(`cap.${String(data['action'])}`)
  return t('timeline.cap_set', { side, amount: stored(data['amount'], data['currency']), action })
}

/** A person without the id that staff are told before the name. */
const nameOf = (actor: string) => actor.replace(/^[a-z]+_[0-9a-f]{32} (?=.)/, '')

/** What belongs to an entry, in short words. */
function detail(item: Item, text: ReturnType<typeof useText>, t: TFunction): string {
  const data = item.data as Record<string, unknown>
  const parts: string[] = []
  if (item.kind === 'usage.cap_set') return capText(data, t)
  const money = data['amount'] ?? data['total']
  if (typeof money === 'object' && money !== null) parts.push(moneyText(money as Schemas['MoneyView']))
  else if (typeof money === 'string')
    parts.push(
      ...(data['account'] ? [t(`ledger.${String(data['account'])}`, { defaultValue: String(data['account']) })] : []),
      stored(money, data['currency']),
    )
  if (typeof data['duration_ms'] === 'number') parts.push(`${data['duration_ms']} ms`)
  if (typeof data['error'] === 'string') parts.push(data['error'])
  // Of an end that was agreed the words above say it.
  if (item.reason && !item.kind.startsWith('order.ended_by_')) parts.push(sentence(withSigns(text(item.reason))))
  return parts.join(' · ')
}

/** The flight recorder: newest first, what is to come at the top. */
export function FlightRecorder({ entries }: { entries: Item[] }) {
  const { t } = useTranslation()
  const text = useText()
  return (
    <AntTimeline
      items={entries.map((item, i) => {
        const data = item.data as Record<string, string | undefined>
        const words = {
          activity: t(`activity.${data['activity']}`, { defaultValue: data['activity'] ?? '' }),
          message: t(`event.${data['event']?.replaceAll('.', '_')}`, { defaultValue: data['event'] ?? '' }),
          attempt: data['attempt'],
          name: data['name'],
          step: t(`step.${data['step']}`, { defaultValue: data['step'] ?? '' }),
        }
        return {
          key: i,
          color: colours[item.tone] ?? 'blue',
          content: (
            <div>
              <strong>{t(`timeline.${item.kind.replaceAll('.', '_')}`, { defaultValue: item.kind, ...words })}</strong>{' '}
              <span className="dim">
                <Time at={item.at} /> {item.actor && item.actor !== 'system' ? `· ${nameOf(item.actor)}` : ''}
              </span>
              <div className="muted">{detail(item, text, t)}</div>
            </div>
          ),
        }
      })}
    />
  )
}
