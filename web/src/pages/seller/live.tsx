import { Badge, Empty, Switch } from 'antd'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { Time } from '../../kit/show'

type Attempt = Schemas['AttemptEvent']

/** Attempts that are shown at most. */
const SHOWN = 50

/** Follows the attempts at calls while it is on; the newest first, each replaced when it ends. */
function useTail(on: boolean) {
  const [attempts, setAttempts] = useState<Attempt[]>([])
  const [open, setOpen] = useState(false)
  useEffect(() => {
    if (!on) return
    // The browser connects again by itself when the stream ends.
    const source = new EventSource('/api/v1/calls/stream')
    source.onopen = () => setOpen(true)
    source.onerror = () => setOpen(false)
    source.addEventListener('attempt', (e) => {
      const attempt = JSON.parse((e as MessageEvent<string>).data) as Attempt
      setAttempts((old) =>
        [attempt, ...old.filter((a) => a.call !== attempt.call || a.number !== attempt.number)].slice(0, SHOWN),
      )
    })
    return () => {
      source.close()
      setOpen(false)
    }
  }, [on])
  return { attempts, open }
}

/** The live tail of production calls. */
export function LiveTail({ role }: { role: string }) {
  const { t } = useTranslation()
  const [on, setOn] = useState(false)
  const { attempts, open } = useTail(on)
  const tone = (a: Attempt) =>
    !a.outcome ? 'processing' : ['success', 'accepted', 'not_yet'].includes(a.outcome) ? 'success' : 'error'
  return (
    <section className="panel" style={{ padding: 16, marginBottom: 16 }}>
      <label className="row" style={{ gap: 8 }}>
        <Switch checked={on} onChange={setOn} />
        {t('live.title')}
        {on && <Badge status={open ? 'success' : 'warning'} text={t(open ? 'live.open' : 'live.connecting')} />}
      </label>
      {on && (
        <div
          role="log"
          aria-live="polite"
          aria-label={t('live.title')}
          className="num"
          style={{ maxHeight: 320, overflow: 'auto', marginTop: 12 }}
        >
          {attempts.length === 0 ? (
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('live.waiting')} />
          ) : (
            attempts.map((a) => (
              <div
                key={`${a.call} ${a.number}`}
                style={{ display: 'flex', gap: 12, flexWrap: 'wrap', padding: '4px 0' }}
              >
                <Time at={a.at} />
                <Link to={`/${role}/calls/$id` as never} params={{ id: a.call } as never}>
                  {t(`activity.${a.activity}`)}
                </Link>
                <span className="mono">{a.order_number ?? '–'}</span>
                <Badge
                  status={tone(a)}
                  text={
                    a.outcome
                      ? t(`reason.${a.outcome}`, { defaultValue: t(`live.${a.outcome}`, { defaultValue: a.outcome }) })
                      : t('live.under_way')
                  }
                />
                {a.duration_ms != null && <span className="dim">{a.duration_ms} ms</span>}
                {a.error && <span className="dim">{a.error}</span>}
              </div>
            ))
          )}
        </div>
      )}
    </section>
  )
}
