import { Alert, Button, Form, Input, Modal, Radio, Select } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { onVersion } from '../../kit/decide'
import { Entry } from '../../kit/form'
import { less } from '../../kit/money'
import { moneyText, State, Time } from '../../kit/show'
import { FilesItem, named } from './files'
import { CaseLine } from './line'

type Case = Schemas['SupervisionCase']
type Written = { text: string; documents?: Schemas['DocumentView'][] }
type Asked = { amount: string; reason: string; goods?: string }
type Stepped = { reason: string; carrier?: string; tracking_number?: string; documents?: Schemas['DocumentView'][] }

const proofs = ['commitment', 'acceptance', 'delivery', 'other'].map((kind) => ({ kind, min: 0 }))

/** A button that opens a form in a dialog. */
function Dialog({
  of,
  name,
  danger,
  children,
}: {
  of: Case
  name: string
  danger?: boolean
  children: (close: () => void) => ReactNode
}) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button danger={danger} onClick={() => setOpen(true)}>
        {name}
      </Button>
      <Modal open={open} title={name} footer={null} width={640} destroyOnHidden onCancel={() => setOpen(false)}>
        <CaseLine of={of} />
        {children(() => setOpen(false))}
      </Modal>
    </>
  )
}

const useNeed = () => [{ required: true, message: useTranslation().t('form.required') }]

/** Opens an appeal, or adds to the one that is open. */
export function Appeal({ of }: { of: Case }) {
  const { t } = useTranslation()
  const need = useNeed()
  const path = { params: { path: { id: of.id }, query: { as: of.party as never }, header: onVersion(of) } }
  const open = of.appeal !== null && of.appeal !== undefined
  if (of.party === 'operator' || (!open && !of.may_appeal)) return null
  const name = t(open ? 'supervision.state_case' : 'supervision.open_appeal')
  const run = ({ text, documents }: Written) => {
    const body = { text, documents: named(documents) }
    return open
      ? unwrap(api.POST('/api/v1/supervision/{id}/appeals/statements', { ...path, body }))
      : unwrap(api.POST('/api/v1/supervision/{id}/appeals', { ...path, body }))
  }
  return (
    <Dialog of={of} name={name}>
      {(close) => (
        <>
          {!open && <p className="muted">{t('supervision.appeal_more')}</p>}
          <Entry<Written, unknown> name="appeal" run={run} done={close} success={t('supervision.done')} send={name}>
            <Form.Item name="text" label={t('supervision.statement')} rules={need}>
              <Input.TextArea rows={4} maxLength={5000} />
            </Form.Item>
            <FilesItem id={of.id} side={of.party} asked={proofs} />
          </Entry>
        </>
      )}
    </Dialog>
  )
}

/** The platform decides an appeal, with a reason for both sides. */
function Decide({ of }: { of: Case }) {
  const { t } = useTranslation()
  const need = useNeed()
  const [form] = Form.useForm<{ decision: string; amount?: string; reason: string }>()
  const decision = Form.useWatch('decision', form)
  if (of.party !== 'operator' || !of.appeal) return null
  const left = less(of.paid, of.released).amount
  return (
    <Dialog of={of} name={t('supervision.decide')}>
      {(close) => (
        <Entry<{ decision: string; amount?: string; reason: string }, unknown>
          form={form}
          name="decide"
          initial={{ decision: 'continue', amount: left }}
          done={close}
          success={t('supervision.done')}
          send={t('supervision.decide')}
          run={({ decision: verdict, amount, reason }) =>
            unwrap(
              api.POST('/api/v1/operator/supervision/{id}/decide', {
                params: { path: { id: of.id }, header: onVersion(of) },
                body: {
                  decision: verdict,
                  reason,
                  amount: verdict === 'refund' ? { amount: amount ?? '', currency: of.paid.currency } : undefined,
                },
              }),
            )
          }
        >
          <Form.Item name="decision" label={t('supervision.decision')}>
            <Radio.Group
              options={['continue', 'close', 'refund'].map((value) => ({ value, label: t(`decision.${value}`) }))}
            />
          </Form.Item>
          {decision === 'refund' && (
            <Form.Item name="amount" label={t('supervision.refund_amount', { max: left })} rules={need}>
              <Input prefix={of.paid.currency} style={{ maxWidth: 220 }} />
            </Form.Item>
          )}
          <Form.Item name="reason" label={t('review.reason')} rules={need}>
            <Input.TextArea rows={4} maxLength={5000} />
          </Form.Item>
        </Entry>
      )}
    </Dialog>
  )
}

/** The buyer asks for a refund that the seller has to agree to. */
export function AskRefund({ of }: { of: Case }) {
  const { t } = useTranslation()
  const need = useNeed()
  if (!of.refundable) return null
  const max = of.refundable
  return (
    <Dialog of={of} name={t('supervision.ask_refund')}>
      {(close) => (
        <Entry<Asked, unknown>
          name="refund"
          initial={{ amount: max.amount }}
          done={close}
          success={t('supervision.done')}
          send={t('supervision.ask_refund')}
          run={({ amount, reason, goods }) =>
            unwrap(
              api.POST('/api/v1/supervision/{id}/refunds', {
                params: { path: { id: of.id }, header: onVersion(of) },
                body: { amount: { amount, currency: max.currency }, reason, goods },
              }),
            )
          }
        >
          <Form.Item name="amount" label={t('supervision.refund_amount', { max: moneyText(max) })} rules={need}>
            <Input prefix={max.currency} style={{ maxWidth: 220 }} />
          </Form.Item>
          {of.shipped_at && (
            <Form.Item name="goods" label={t('supervision.goods')} rules={need}>
              <Select
                style={{ maxWidth: 280 }}
                options={['in_transit', 'received'].map((value) => ({ value, label: t(`goods.${value}`) }))}
              />
            </Form.Item>
          )}
          <Form.Item name="reason" label={t('review.reason')} rules={need}>
            <Input.TextArea rows={3} maxLength={1000} />
          </Form.Item>
        </Entry>
      )}
    </Dialog>
  )
}

function RefundStep({ of, step }: { of: Case; step: string }) {
  const { t } = useTranslation()
  const need = useNeed()
  const name = t(`refund_step.${step}`)
  const run = ({ documents, ...v }: Stepped) => {
    const body = { ...v, step, documents: named(documents) }
    return of.party === 'operator'
      ? unwrap(
          api.POST('/api/v1/operator/supervision/{id}/refunds/steps', {
            params: { path: { id: of.id }, header: onVersion(of) },
            body,
          }),
        )
      : unwrap(
          api.POST('/api/v1/supervision/{id}/refunds/steps', {
            params: { path: { id: of.id }, query: { as: of.party as never }, header: onVersion(of) },
            body,
          }),
        )
  }
  return (
    <Dialog of={of} name={name} danger={['reject', 'refuse', 'damaged'].includes(step)}>
      {(close) => (
        <Entry<Stepped, unknown>
          name={`refund-${step}`}
          run={run}
          done={close}
          success={t('supervision.done')}
          send={name}
        >
          {step === 'send_back' && (
            <>
              <Form.Item name="carrier" label={t('fieldname.carrier')} rules={need}>
                <Input maxLength={60} />
              </Form.Item>
              <Form.Item name="tracking_number" label={t('fieldname.tracking_number')} rules={need}>
                <Input maxLength={60} />
              </Form.Item>
            </>
          )}
          <Form.Item name="reason" label={t('supervision.opinion')} rules={need}>
            <Input.TextArea rows={3} maxLength={1000} />
          </Form.Item>
          {of.party !== 'operator' && (
            <FilesItem
              id={of.id}
              side={of.party}
              asked={step === 'agree' ? [{ kind: 'agreement', min: 1 }] : proofs.toReversed()}
            />
          )}
        </Entry>
      )}
    </Dialog>
  )
}

/** What is in dispute, and what the reader may do about it. */
export function Disputes({ of }: { of: Case }) {
  const { t } = useTranslation()
  return (
    <>
      {of.appeal && (
        <Alert
          type="warning"
          showIcon
          title={t('supervision.frozen', { by: t(`supervision.${of.appeal.by}`) })}
          description={
            <>
              {t('supervision.appeal_due')} <Time at={of.appeal.due_at} />
            </>
          }
          action={
            <div className="row">
              <Appeal of={of} />
              <Decide of={of} />
            </div>
          }
        />
      )}
      {of.refund && (
        <Alert
          type={of.refund.state === 'refunded' ? 'success' : 'info'}
          showIcon
          title={
            <>
              {t('supervision.refund_of', { amount: moneyText(of.refund.amount) })} <State of={of.refund.state} />
            </>
          }
          description={
            <>
              {t('supervision.asked_at')} <Time at={of.refund.asked_at} />
              {of.refund.goods !== 'none' && <> · {t(`goods.${of.refund.goods}`)}</>}
            </>
          }
          action={
            <div className="row">
              {of.refund_steps.map((step) => (
                <RefundStep key={step} of={of} step={step} />
              ))}
            </div>
          }
        />
      )}
    </>
  )
}

/** The platform writes to both sides, and notes what the carrier reports. */
export function DeskTools({ of }: { of: Case }) {
  const { t } = useTranslation()
  const need = useNeed()
  if (of.party !== 'operator') return null
  const params = { path: { id: of.id } }
  return (
    <>
      <Dialog of={of} name={t('supervision.write_both')}>
        {(close) => (
          <Entry<{ text: string }, unknown>
            name="note"
            run={(body) => unwrap(api.POST('/api/v1/operator/supervision/{id}/notes', { params, body }))}
            done={close}
            success={t('supervision.done')}
            send={t('supervision.write_both')}
          >
            <Form.Item name="text" label={t('supervision.statement')} rules={need}>
              <Input.TextArea rows={4} maxLength={5000} />
            </Form.Item>
          </Entry>
        )}
      </Dialog>
      {of.shipped_at && !of.carrier_delivered_at && of.state === 'open' && (
        <Dialog of={of} name={t('supervision.carrier_report')}>
          {(close) => (
            <Entry<{ delivered_at: string }, unknown>
              name="carrier"
              run={({ delivered_at }) =>
                unwrap(
                  api.POST('/api/v1/operator/supervision/{id}/carrier-report', {
                    params: { ...params, header: onVersion(of) },
                    body: { delivered_at: new Date(delivered_at).toISOString() },
                  }),
                )
              }
              done={close}
              success={t('supervision.done')}
              send={t('supervision.carrier_report')}
            >
              <Form.Item
                name="delivered_at"
                label={t('supervision.carrier_delivered_at')}
                extra={t('supervision.carrier_hint')}
                rules={need}
              >
                <Input type="datetime-local" style={{ maxWidth: 260 }} />
              </Form.Item>
            </Entry>
          )}
        </Dialog>
      )}
    </>
  )
}
