import { Timeline as AntTimeline } from 'antd'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../api/client'
import { moneyText, Time, useText } from './show'

const colours: Record<string, string> = { good: 'green', bad: 'red', plain: 'blue', next: 'gray' }

type Item = Schemas['TimelineItem']

/** What belongs to an entry, in short words. */
function detail(item: Item, text: ReturnType<typeof useText>, t: TFunction): string {
  const data = item.data as Record<string, unknown>
  const parts: string[] = []
  const money = data['amount'] ?? data['total']
  if (typeof money === 'object' && money !== null) parts.push(moneyText(money as Schemas['MoneyView']))
  else if (typeof money === 'string')
    parts.push(
      t(`ledger.${String(data['account'])}`, { defaultValue: String(data['account'] ?? '') }),
      moneyText({ amount: money, currency: String(data['currency'] ?? '') }),
    )
  if (typeof data['duration_ms'] === 'number') parts.push(`${data['duration_ms']} ms`)
  if (typeof data['error'] === 'string') parts.push(data['error'])
  if (item.reason) parts.push(text(item.reason))
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
                <Time at={item.at} /> {item.actor && item.actor !== 'system' ? `· ${item.actor}` : ''}
              </span>
              <div className="muted">{detail(item, text, t)}</div>
            </div>
          ),
        }
      })}
    />
  )
}
