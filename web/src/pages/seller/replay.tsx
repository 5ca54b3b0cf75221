import { Alert, App, Button, Input, Switch, Table, Tag } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { download } from '../../kit/csv'
import { Time } from '../../kit/show'

type Exchange = Schemas['ExchangeBody']
type Replayed = Schemas['ReplayedView']
type Recording = { name: string; exchanges: Exchange[] }

const tones: Record<string, string> = { same: 'success', differs: 'error', fail: 'error', skip: 'default' }
/** As many as the server plays at once. */
const most = 200

function Differences({ of }: { of: Replayed }) {
  const { t } = useTranslation()
  const reason = of.reason && <div>{t(`reason.${of.reason.code}`, { defaultValue: of.reason.text })}</div>
  return (
    <>
      {reason}
      {of.differences.map((d) => (
        <div key={`${d.pointer} ${d.kind}`} className={d.matters ? undefined : 'muted'}>
          <span className="mono">{d.pointer || '/'}</span> {t(`replay.${d.kind}`)}
          {!d.matters && ` (${t('replay.harmless')})`}
          <div className="dim" style={{ wordBreak: 'break-all' }}>
            {d.recorded || '–'} → {d.now || '–'}
          </div>
        </div>
      ))}
    </>
  )
}

/** What was chosen to be played: taken from the messages, or from a file. */
function Chooser({ address, take }: { address: string; take: (recording: Recording) => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [order, setOrder] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const load = useAction(
    () => unwrap(api.GET('/api/v1/recording', { params: { query: { order: order.trim() || undefined, address } } })),
    (r) => take({ name: order.trim() || t('replay.newest'), exchanges: r.exchanges }),
  )
  const read = async (file?: File) => {
    if (!file) return
    try {
      const { exchanges } = JSON.parse(await file.text()) as { exchanges: Exchange[] }
      take({ name: file.name, exchanges: Array.isArray(exchanges) ? exchanges : [] })
    } catch {
      message.error(t('replay.no_recording'))
    }
    if (input.current) input.current.value = ''
  }
  return (
    <div className="filters">
      <label>
        {t('field.order_number')}
        <Input
          value={order}
          maxLength={40}
          placeholder={t('replay.newest')}
          onChange={(e) => setOrder(e.target.value)}
          onPressEnter={() => load.mutate(undefined)}
        />
      </label>
      <Button loading={load.isPending} onClick={() => load.mutate(undefined)}>
        {t('replay.take')}
      </Button>
      <input
        ref={input}
        type="file"
        accept="application/json,.json"
        hidden
        aria-label={t('replay.file')}
        onChange={(e) => void read(e.target.files?.[0])}
      />
      <Button onClick={() => input.current?.click()}>{t('replay.file')}</Button>
    </div>
  )
}

/** Plays recorded traffic against an address and shows what the server answers otherwise. */
export function Replay({ address }: { address: Schemas['AddressView'] }) {
  const { t } = useTranslation()
  const [recording, setRecording] = useState<Recording | null>(null)
  const [fresh, setFresh] = useState(true)
  const own = (recording?.exchanges ?? []).filter((e) => e.protocol === address.protocol).slice(-most)
  const play = useAction(() =>
    unwrap(
      api.POST('/api/v1/seller/addresses/{id}/replay', {
        params: { path: { id: address.id } },
        body: { exchanges: own, fresh },
      }),
    ),
  )
  const take = (taken: Recording) => {
    setRecording(taken)
    play.reset()
  }
  return (
    <section className="panel" style={{ padding: 24, marginTop: 16 }} aria-label={t('replay.title')}>
      <h2>{t('replay.title')}</h2>
      <p className="muted">{t('replay.purpose')}</p>
      <Chooser address={address.id} take={take} />
      {recording && (
        <div className="stack" style={{ marginTop: 16 }}>
          <div className="row">
            <span>
              {t('replay.taken', { name: recording.name, count: recording.exchanges.length, own: own.length })}
            </span>
            <label>
              <Switch size="small" checked={fresh} onChange={setFresh} /> {t('replay.fresh')}
            </label>
            <Button
              type="primary"
              disabled={own.length === 0}
              loading={play.isPending}
              onClick={() => play.mutate(undefined)}
            >
              {t('replay.play')}
            </Button>
            <Button
              onClick={() =>
                download(
                  'traffic.json',
                  JSON.stringify({ exchanges: recording.exchanges }, null, 1),
                  'application/json',
                )
              }
            >
              {t('replay.keep')}
            </Button>
          </div>
          {play.data && (
            <>
              <Alert
                type={play.data.different ? 'error' : 'success'}
                showIcon
                title={t('replay.result', {
                  same: play.data.same,
                  different: play.data.different,
                  skipped: play.data.skipped,
                })}
              />
              <Table<Replayed>
                size="small"
                scroll={{ x: true }}
                pagination={false}
                rowKey={(c) => `${c.at} ${c.activity} ${play.data.cases.indexOf(c)}`}
                dataSource={play.data.cases}
                columns={[
                  {
                    key: 'a',
                    title: t('calls.activity'),
                    render: (_, c) => t(`activity.${c.activity}`, { defaultValue: c.activity }),
                  },
                  { key: 't', title: t('replay.at'), render: (_, c) => <Time at={c.at} /> },
                  {
                    key: 'r',
                    title: t('field.state'),
                    render: (_, c) => <Tag color={tones[c.result]}>{t(`replay.${c.result}`)}</Tag>,
                  },
                  { key: 'd', title: t('replay.differences'), render: (_, c) => <Differences of={c} /> },
                  { key: 'm', title: 'ms', align: 'right', render: (_, c) => c.duration_ms },
                ]}
              />
            </>
          )}
        </div>
      )}
    </section>
  )
}
