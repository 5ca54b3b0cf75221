import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Descriptions, Form, Input, Modal, Progress, Radio } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { useDecision } from '../../kit/decide'
import { Entry } from '../../kit/form'
import { Await } from '../../kit/page'
import { Id, moneyText, Time, useText } from '../../kit/show'

type Caps = Schemas['CapsView']
type Side = 'buyer' | 'seller'
/** From here on both sides are warned, in per cent. */
const WARNED = 80
type Values = { amount: string; action: 'freeze' | 'refuse' }

const put = (instance: string, body: Schemas['CapBody']) =>
  unwrap(api.PUT('/api/v1/instances/{id}/usage-cap', { params: { path: { id: instance } }, body }))

function CapModal({ instance, side, caps, close }: { instance: string; side: Side; caps: Caps; close: () => void }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const own = caps.caps.find((c) => c.side === side)
  const currency = caps.charged.currency
  const action = own?.action === 'refuse' ? 'refuse' : 'freeze'
  return (
    <Modal open title={t('cap.title')} onCancel={close} okText={t('cap.save')} onOk={() => form.submit()}>
      <p>{t('cap.text')}</p>
      <Entry
        form={form}
        initial={{ amount: own?.amount.amount ?? '', action }}
        run={(v: Values) => put(instance, { amount: { amount: v.amount, currency }, action: v.action, side })}
        done={close}
        success={t('cap.saved')}
      >
        <Form.Item
          name="amount"
          label={t('cap.amount', { currency })}
          rules={[{ required: true, pattern: /^\d+(\.\d{1,2})?$/, message: t('form.amount') }]}
        >
          <Input autoFocus inputMode="decimal" />
        </Form.Item>
        <Form.Item name="action" label={t('cap.action')}>
          <Radio.Group
            options={(['freeze', 'refuse'] as const).map((value) => ({ value, label: t(`cap.${value}`) }))}
          />
        </Form.Item>
      </Entry>
    </Modal>
  )
}

function Shown({ instance, side, caps }: { instance: string; side: Side; caps: Caps }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const { ask } = useDecision()
  const remove = useAction(() => put(instance, { amount: null, side }), undefined, t('cap.removed'))
  const counts = caps.caps.find((c) => c.in_force)
  const own = caps.caps.find((c) => c.side === side)
  const part = counts ? Math.floor((Number(caps.charged.amount) / Number(counts.amount.amount)) * 100) : 0
  const refusing = caps.caps.find((c) => c.reached && c.action === 'refuse')
  const near = !refusing && !caps.stopped && part >= WARNED
  return (
    <div className="stack">
      {caps.stopped && side === 'seller' && <Alert type="warning" showIcon title={t('cap.stopped')} />}
      {caps.stopped && (
        <div>
          {t('cap.until')} <Time at={caps.until} />
        </div>
      )}
      {refusing && (
        <Alert
          type="warning"
          showIcon
          title={t('cap.refusing', { amount: moneyText(refusing.amount) })}
          description={
            <>
              {t(`cap.refusing_${side}`)} <Time at={caps.until} />
            </>
          }
        />
      )}
      {near && <Alert type="warning" showIcon title={t('cap.near', { part })} />}
      <div>{t('cap.charged', { month: caps.month, amount: moneyText(caps.charged) })}</div>
      {counts && (
        <Progress
          percent={Math.min(100, part)}
          status={part >= 100 ? 'exception' : 'normal'}
          strokeColor={part < 100 && (refusing || near) ? 'var(--warn)' : undefined}
          format={() => `${part} %`}
          aria-label={t('cap.part')}
        />
      )}
      {caps.caps.length === 0 && <p className="muted">{t('cap.none')}</p>}
      {caps.caps.map((c) => (
        <div key={c.side}>
          {t(`cap.of_${c.side}`)} <strong>{moneyText(c.amount)}</strong> · {t(`cap.${c.action}`)}
          {c.in_force && caps.caps.length > 1 && <span className="muted"> · {t('cap.in_force')}</span>}
        </div>
      ))}
      <div className="row">
        <Button size="small" onClick={() => setOpen(true)}>
          {t(own ? 'cap.change' : 'cap.set')}
        </Button>
        {own && (
          <Button
            size="small"
            loading={remove.isPending}
            onClick={() =>
              ask(
                {
                  title: t('cap.remove_sure'),
                  about: [
                    [t('cap.title'), `${moneyText(own.amount)} · ${t(`cap.${own.action}`)}`],
                    [t('cap.charged_short'), moneyText(caps.charged)],
                  ],
                  sure: t('cap.remove_more'),
                  ok: t('cap.remove'),
                  cancel: t('cap.keep'),
                  danger: true,
                },
                () => remove.mutateAsync(undefined),
              )
            }
          >
            {t('cap.remove')}
          </Button>
        )}
      </div>
      {open && <CapModal instance={instance} side={side} caps={caps} close={() => setOpen(false)} />}
    </div>
  )
}

/** What the use of a month may cost at most: both sides see both caps, each sets its own. */
export function CapPanel({ instance, side }: { instance: string; side: Side }) {
  const query = useQuery({
    queryKey: ['usage-cap', instance],
    queryFn: () => unwrap(api.GET('/api/v1/instances/{id}/usage-cap', { params: { path: { id: instance } } })),
  })
  return <Await query={query}>{(caps) => <Shown instance={instance} side={side} caps={caps} />}</Await>
}

/** Of which instance a dialog is. */
function Whose({ instance }: { instance: string }) {
  const { t } = useTranslation()
  const text = useText()
  const query = useQuery({
    queryKey: ['instance', instance],
    queryFn: () => unwrap(api.GET('/api/v1/instances/{id}', { params: { path: { id: instance } } })),
  })
  return (
    <Await query={query}>
      {(of) => (
        <Descriptions
          size="small"
          column={1}
          style={{ marginBottom: 12 }}
          items={[
            { key: 'c', label: t('field.customer'), children: of.customer_name },
            { key: 'p', label: t('field.product'), children: text(of.product_name) },
            { key: 'i', label: t('field.instance'), children: <Id of={of.seller_instance_id ?? of.id} /> },
          ]}
        />
      )}
    </Await>
  )
}

/** The same in a dialog, for lists. */
export function CapButton({ instance, side }: { instance: string; side: Side }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t('cap.title')}
      </Button>
      {open && (
        <Modal open title={t('cap.title')} footer={null} onCancel={() => setOpen(false)}>
          <Whose instance={instance} />
          <CapPanel instance={instance} side={side} />
        </Modal>
      )}
    </>
  )
}
